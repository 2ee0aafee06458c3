"""Bundle directories: what is checked when one is read, and how one is found."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from bundle_factory import FILES, make_bundle
from serving import short_directory

from briefd_server.bundle import (
    BundleError,
    VariantEntry,
    bundle_directories,
    encode_manifest,
    find_bundle,
    read_bundle,
)
from briefd_server.bundle.finding import PACKAGED_DIRECTORY, SYSTEM_DIRECTORY


def test_reads_a_bundle(tmp_path: Path) -> None:
    bundle = read_bundle(make_bundle(tmp_path))
    data = (tmp_path / "bundle.json").read_bytes()
    assert bundle.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert bundle.size_bytes == len(data) + sum(len(content) for content in FILES.values())
    assert set(bundle.variants) == {"optimized", "baseline"}
    assert (bundle.directory / bundle.manifest.variants["baseline"].file).read_bytes() == FILES["baseline.onnx"]
    assert encode_manifest(bundle.manifest) == data


def test_a_left_out_baseline_is_not_offered(tmp_path: Path) -> None:
    make_bundle(tmp_path)
    whole = read_bundle(tmp_path)
    (tmp_path / "baseline.onnx").unlink()
    bundle = read_bundle(tmp_path)
    assert bundle.variants == ("optimized",)
    assert bundle.digest == whole.digest
    assert bundle.size_bytes == whole.size_bytes - len(FILES["baseline.onnx"])


def test_a_variants_extra_files_come_and_go_with_it(tmp_path: Path) -> None:
    (tmp_path / "extra.json").write_bytes(b"[]")
    variants = {
        "optimized": VariantEntry("optimized.onnx", extra_files=("tokenizer.json",)),
        "baseline": VariantEntry("baseline.onnx", extra_files=("extra.json", "tokenizer.json")),
    }
    make_bundle(tmp_path, variants=variants)
    assert set(read_bundle(tmp_path).variants) == {"optimized", "baseline"}
    (tmp_path / "extra.json").unlink()
    with pytest.raises(BundleError, match=r"extra\.json: cannot be read"):
        read_bundle(tmp_path)
    (tmp_path / "baseline.onnx").unlink()
    assert read_bundle(tmp_path).variants == ("optimized",)
    (tmp_path / "extra.json").write_bytes(b"{}")
    with pytest.raises(BundleError, match=r"extra\.json: is not the file"):
        read_bundle(tmp_path)
    (tmp_path / "extra.json").unlink()
    (tmp_path / "tokenizer.json").unlink()
    with pytest.raises(BundleError, match=r"tokenizer\.json: cannot be read"):
        read_bundle(tmp_path)


def test_any_form_may_be_left_out_but_the_last(tmp_path: Path) -> None:
    for name in ("int8.onnx", "int4.onnx", "shared.data"):
        (tmp_path / name).write_bytes(name.encode())
    variants = {
        "int8": VariantEntry("int8.onnx", extra_files=("shared.data",)),
        "int4": VariantEntry("int4.onnx", extra_files=("shared.data",)),
        "baseline": VariantEntry("baseline.onnx"),
    }
    make_bundle(tmp_path, variants=variants)
    (tmp_path / "int8.onnx").unlink()
    assert set(read_bundle(tmp_path).variants) == {"int4", "baseline"}
    (tmp_path / "int4.onnx").unlink()
    with pytest.raises(BundleError, match=r"int[48]\.onnx: cannot be read"):
        read_bundle(tmp_path)


@pytest.mark.parametrize("name", ["optimized.onnx", "tokenizer.json", "bundle.json"])
def test_any_other_file_must_be_there(tmp_path: Path, name: str) -> None:
    make_bundle(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(BundleError, match=name):
        read_bundle(tmp_path)


@pytest.mark.parametrize("content", [b"smalL", b"smaller", b""])
@pytest.mark.parametrize("name", ["optimized.onnx", "baseline.onnx"])
def test_a_changed_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    make_bundle(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BundleError, match="is not the file"):
        read_bundle(tmp_path)


@pytest.mark.parametrize("name", ["weights.data", "data/weights", ".hidden", "caf\udce9"])
def test_a_file_that_is_not_listed_is_refused(tmp_path: Path, name: str) -> None:
    make_bundle(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"a model's external data")
    with pytest.raises(BundleError, match=r"is not listed in bundle\.json; move it out"):
        read_bundle(tmp_path)


def test_a_link_to_what_lies_outside_is_not_listed_either(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle")
    (tmp_path / "weights").write_bytes(b"data")
    (bundle / "weights").symlink_to(tmp_path / "weights")
    with pytest.raises(BundleError, match="is not listed"):
        read_bundle(bundle)


@pytest.mark.parametrize("name", ["optimized.onnx", "baseline.onnx", "bundle.json"])
def test_a_link_out_of_the_bundle_is_refused(tmp_path: Path, name: str) -> None:
    bundle = make_bundle(tmp_path / "bundle")
    (bundle / name).rename(tmp_path / name)
    (bundle / name).symlink_to(tmp_path / name)
    with pytest.raises(BundleError, match="leads out"):
        read_bundle(bundle)


def test_a_link_inside_and_a_linked_directory_are_fine(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle")
    (bundle / "optimized.onnx").rename(bundle / "model-1")
    (bundle / "optimized.onnx").symlink_to("model-1")
    (tmp_path / "current").symlink_to(bundle)
    assert read_bundle(tmp_path / "current").digest == read_bundle(bundle).digest


@pytest.mark.parametrize("name", ["optimized.onnx", "baseline.onnx", "bundle.json"])
def test_a_pipe_a_directory_or_a_loop_is_no_file(tmp_path: Path, name: str) -> None:
    make_bundle(tmp_path)
    path = tmp_path / name
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(BundleError, match="must be a regular file"):
        read_bundle(tmp_path)
    path.unlink()
    path.mkdir()
    with pytest.raises(BundleError, match="must be a regular file"):
        read_bundle(tmp_path)
    path.rmdir()
    path.symlink_to(name)
    with pytest.raises(BundleError, match="cannot be read"):
        read_bundle(tmp_path)


def test_what_is_no_directory_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path, tmp_path / "missing", tmp_path / "file"):
        with pytest.raises(BundleError, match="is no bundle"):
            read_bundle(place)


def test_a_manifest_is_written_in_one_step(tmp_path: Path) -> None:
    make_bundle(tmp_path)
    before = (tmp_path / "bundle.json").read_bytes()
    with pytest.raises(BundleError):
        make_bundle(tmp_path, name="No Name")
    assert (tmp_path / "bundle.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FILES, "bundle.json"])


def test_finds_by_name_in_order_and_by_path(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    (second / "tiny").mkdir(parents=True)
    assert find_bundle("tiny", [first, second]) == second / "tiny"
    (first / "tiny").mkdir(parents=True)
    assert find_bundle("tiny", [first, second]) == first / "tiny"
    assert find_bundle(f"{tmp_path}/x", [first]) == tmp_path / "x"
    assert find_bundle("./tiny", [first]) == Path("tiny")


@pytest.mark.parametrize("name", ["", ".", "..", "other"])
def test_an_unknown_name_is_refused_with_the_places(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match=str(tmp_path)):
        find_bundle(name, [tmp_path])


@pytest.mark.parametrize(
    ("environ", "user"),
    [
        ({"XDG_DATA_HOME": "/data", "HOME": "/home/u"}, ["/data/briefd/bundles"]),
        ({"XDG_DATA_HOME": "data", "HOME": "/home/u"}, ["/home/u/.local/share/briefd/bundles"]),
        ({"HOME": "/home/u"}, ["/home/u/.local/share/briefd/bundles"]),
        ({"HOME": ""}, []),
        ({}, []),
    ],
)
def test_looks_into_the_users_place_first(environ: dict[str, str], user: list[str]) -> None:
    assert bundle_directories(environ) == (*map(Path, user), SYSTEM_DIRECTORY, PACKAGED_DIRECTORY)


def test_a_home_that_may_not_be_entered_is_passed_over() -> None:
    with short_directory() as open_directory:
        (open_directory / "tiny").mkdir()
        closed = open_directory / "home"
        closed.mkdir()
        open_directory.chmod(0o755)
        closed.chmod(0)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        try:
            assert find_bundle("tiny", [closed / "bundles", open_directory]) == open_directory / "tiny"
        finally:
            if is_root:
                os.seteuid(0)
            closed.chmod(0o700)
