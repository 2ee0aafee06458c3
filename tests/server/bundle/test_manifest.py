"""What `bundle.json` may say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from bundle_factory import make_manifest
from hypothesis import given
from hypothesis import strategies as st

from briefd_server.bundle import (
    DEFAULT_BUNDLE,
    MANIFEST_NAME,
    BundleError,
    FileEntry,
    Manifest,
    VariantEntry,
    encode_manifest,
    parse_manifest,
)
from briefd_server.bundle.finding import PACKAGED_DIRECTORY

FILES = {"tokenizer.json": FileEntry("0" * 64, 2), "optimized.onnx": FileEntry("1" * 64, 5)}


def content() -> dict[str, Any]:
    return json.loads(encode_manifest(make_manifest(FILES, version="3", limits={"window_pieces": 256})))


def test_reads_back_what_it_writes() -> None:
    manifest = make_manifest(FILES, evaluation={"las": 87.5}, provenance={"base": {"name": "é"}})
    data = encode_manifest(manifest)
    assert parse_manifest(data) == manifest
    assert encode_manifest(parse_manifest(data)) == data
    assert data.endswith(b"}\n")


def test_reads_back_examples() -> None:
    manifest = make_manifest(FILES, examples=("Eins zwei.\nDrei vier.", "é"))
    assert parse_manifest(encode_manifest(manifest)) == manifest


@pytest.mark.parametrize("memory_bytes", [None, 0, 1])
@pytest.mark.parametrize("extra_files", [(), ("tokenizer.json",)])
def test_reads_back_a_variant(memory_bytes: int | None, extra_files: tuple[str, ...]) -> None:
    manifest = make_manifest(FILES, variants={"optimized": VariantEntry("optimized.onnx", memory_bytes, extra_files)})
    assert parse_manifest(encode_manifest(manifest)) == manifest


@pytest.mark.parametrize("cpu_features", [(), ("asimddp",), ("avx512_vnni", "avx_vnni")])
@pytest.mark.parametrize("rank", [0, 3])
def test_reads_back_a_form_of_any_name(cpu_features: tuple[str, ...], rank: int) -> None:
    form = VariantEntry("optimized.onnx", cpu_features=cpu_features, rank=rank)
    manifest = make_manifest(FILES, variants={"int8-shortlist": form, "baseline": VariantEntry("optimized.onnx")})
    assert parse_manifest(encode_manifest(manifest)) == manifest
    assert manifest.forms == {"int8-shortlist"}


def test_the_default_bundles_manifest_is_written_as_it_was() -> None:
    data = (PACKAGED_DIRECTORY / DEFAULT_BUNDLE / MANIFEST_NAME).read_bytes()
    assert encode_manifest(parse_manifest(data)) == data


def test_equal_manifests_give_equal_bytes() -> None:
    other_order = dict(reversed(FILES.items()))
    assert encode_manifest(make_manifest(FILES)) == encode_manifest(make_manifest(other_order))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"schema_version": 2}, "schema_version 2 is not known"),
        ({"schema_version": True}, "schema_version must be a whole number"),
        ({"name": "../x"}, "name must be a text like"),
        ({"name": ""}, "name must be a text that is not empty"),
        ({"task": "translate"}, "task must be summarize"),
        ({"language": "english language"}, "language must be"),
        ({"license": 3}, "license must be a text"),
        ({"license": "\ud800"}, "not valid JSON in UTF-8"),
        ({"limits": {"window_pieces": 1.5}}, "limits.window_pieces must be a whole number"),
        ({"limits": {"window_pieces": -1}}, "limits.window_pieces must be a whole number"),
        ({"limits": {"window_pieces": 1 << 63}}, "limits.window_pieces must be a whole number"),
        ({"examples": "one"}, "examples must be a list of texts"),
        ({"examples": ["one", ""]}, "examples must be a list of texts like"),
        ({"examples": ["- -"]}, "examples must be a list of texts like"),
        ({"engine_parameters": []}, "engine_parameters must be an object"),
        ({"files": {"../x": {"sha256": "0" * 64, "size_bytes": 1}}}, "plain relative"),
        ({"files": {"/x": {"sha256": "0" * 64, "size_bytes": 1}}}, "plain relative"),
        ({"files": {"bundle.json": {"sha256": "0" * 64, "size_bytes": 1}}}, "plain relative"),
        ({"files": {"x": {"sha256": "0" * 63, "size_bytes": 1}}}, r"files\.x\.sha256 must be"),
        ({"files": {"x": {"sha256": "0" * 64}}}, r"files\.x\.size_bytes is missing"),
        ({"files": {"x": {"sha256": "0" * 64, "size_bytes": 1, "y": 1}}}, r"files\.x\.'y' is not known"),
        ({"files": []}, "files must be an object"),
        ({"files": {"x": 1}}, r"files\.x must be an object"),
        ({"variants": {"Tiny": {"file": "optimized.onnx"}}}, "variants: a name must be a text like"),
        ({"variants": {"baseline": {"file": "optimized.onnx"}}}, "optimized is missing"),
        ({"variants": {"a": {"file": "optimized.onnx", "rank": -1}}}, r"variants\.a\.rank must be a whole number"),
        ({"variants": {"a": {"file": "optimized.onnx", "cpu_features": "x"}}}, r"cpu_features must be a list of texts"),
        ({"variants": {"a": {"file": "optimized.onnx", "cpu_features": ["a\n"]}}}, r"cpu_features must be a list of"),
        ({"variants": {"a": {"file": "optimized.onnx", "cpu": ["a"]}}}, r"variants\.a\.'cpu' is not known"),
        (
            {"variants": {name: {"file": "optimized.onnx", "cpu_features": ["a"]} for name in ("a", "baseline")}},
            r"variants\.baseline: float32 runs anywhere; remove its cpu_features",
        ),
        ({"variants": {}}, "optimized is missing"),
        ({"variants": {"optimized": {"file": "other.onnx"}}}, "not listed in files"),
        ({"variants": {"optimized": {"file": "optimized.onnx", "extra_files": "x"}}}, "must be a list of texts"),
        ({"variants": {"optimized": {"file": "optimized.onnx", "extra_files": ["x"]}}}, "not listed in files"),
        ({"licence": "MIT"}, "'licence' is not known"),
    ],
)
def test_refuses_what_is_wrong_and_names_the_place(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(BundleError, match=complaint):
        parse_manifest(json.dumps({**content(), **changes}).encode())


@pytest.mark.parametrize(
    "key", ["schema_version", "name", "task", "engine", "language", "license", "files", "variants"]
)
def test_refuses_what_is_missing(key: str) -> None:
    fields = content()
    del fields[key]
    with pytest.raises(BundleError, match=f"{key} is missing"):
        parse_manifest(json.dumps(fields).encode())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b"{",
        b'{"name": "a", "name": "b"}',
        b'{"evaluation": {"las": NaN}}',
        b'{"evaluation": {"las": 1e999}}',
        b"[" * 100_000,
        b'{"limits": {"a": ' + b"9" * 10_000 + b"}}",
        b" " * ((4 << 20) + 1),
    ],
)
def test_refuses_what_is_no_json_object(data: bytes) -> None:
    with pytest.raises(BundleError) as refusal:
        parse_manifest(data)
    assert len(str(refusal.value).splitlines()) == 1


def test_does_not_write_what_it_would_not_read() -> None:
    for manifest in (
        make_manifest(FILES, name="No Name"),
        make_manifest(FILES, evaluation={"las": float("nan")}),
        make_manifest(FILES, evaluation={"las": {1}}),
    ):
        with pytest.raises(BundleError):
            encode_manifest(manifest)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_gives_a_manifest_or_a_bundle_error(data: bytes) -> None:
    _parse_or_refuse(data)


@given(st.sampled_from(sorted(content())), JSON)
def test_gives_a_manifest_or_a_bundle_error_for_any_field(key: str, value: object) -> None:
    _parse_or_refuse(json.dumps({**content(), key: value}).encode())


@given(st.sampled_from(["files", "variants"]), st.text(), JSON, st.sampled_from(["file", "sha256", "size_bytes"]))
def test_gives_a_manifest_or_a_bundle_error_for_any_entry(key: str, name: str, value: object, field: str) -> None:
    fields = content()
    fields[key][name] = value
    _parse_or_refuse(json.dumps(fields).encode())
    fields[key][name] = {field: value}
    _parse_or_refuse(json.dumps(fields).encode())


def _parse_or_refuse(data: bytes) -> None:
    try:
        manifest = parse_manifest(data)
    except BundleError:
        return
    assert isinstance(manifest, Manifest)
    assert parse_manifest(encode_manifest(manifest)) == manifest
