"""The manifest of a bundle, `bundle.json`: the contract on disk.

Reading is strict: what is not a manifest of this schema version is refused with one line that names the place. Writing
is canonical: equal manifests give equal bytes, and so equal digests.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from briefd_server.bundle.fields import MANIFEST_NAME, Fields
from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA_VERSION = 1
MAX_MANIFEST_BYTES = 4 << 20
OPTIMIZED = "optimized"
BASELINE = "baseline"
SUMMARIZE = "summarize"
CLASSIFY = "classify"
# What each engine is for; of one that this version does not have, anything is believed until it is to be loaded.
_TASK_BY_ENGINE = {"extractive": SUMMARIZE, "generative": SUMMARIZE, "classifier": CLASSIFY}

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_CPU_FEATURE = re.compile(r"[a-z0-9_]+")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
# Some pages of text, with a letter or a digit: what any engine reads in a moment.
_EXAMPLE = re.compile(r"[\W_]{0,1000}[^\W_](?s:.{0,10000})")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What a file of the bundle must be: its SHA-256 in hexadecimal digits and its size."""

    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class VariantEntry:
    """A form of the model.

    `file` holds it; `extra_files` are others that it needs, and that are left out with it unless another variant needs
    them too; `memory_bytes` is the resident memory that serving it is expected to take. `cpu_features` are processor
    features as Linux names them in `/proc/cpuinfo`, any one of which suffices; where there are none it runs anywhere.
    Of the variants that run, the one of the lowest `rank` is served.
    """

    file: str
    memory_bytes: int | None = None
    extra_files: tuple[str, ...] = ()
    cpu_features: tuple[str, ...] = ()
    rank: int = 0

    @property
    def files(self) -> frozenset[str]:
        """All files of the variant."""
        return frozenset((self.file, *self.extra_files))


# Fields that say no more than these are not written; a variant's file is never empty.
_VARIANT_DEFAULTS = asdict(VariantEntry(file=""))


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle is, where it comes from, of which files it consists and how it was found to do.

    `files` and `variants` are keyed by path and by name; every variant's file is among `files`. The variant `baseline`
    is the float32 model, for comparison; every other is a form of it that a device may run, called `optimized` where
    there is only one, and there is at least one. `task` is what the engine is for. `limits` holds whole numbers that
    the engine knows by name. `engine_parameters` is for the engine to check; `provenance` and `evaluation` are for
    people. `examples` are texts that a daemon has the form answer that it is to serve, before it does.
    """

    name: str
    language: str
    license: str
    files: Mapping[str, FileEntry]
    variants: Mapping[str, VariantEntry]
    engine: str = "extractive"
    task: str = SUMMARIZE
    version: str | None = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    engine_parameters: Mapping[str, Any] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    examples: tuple[str, ...] = ()

    @property
    def forms(self) -> frozenset[str]:
        """The variants that a device may run: all but the baseline."""
        return frozenset(self.variants) - {BASELINE}


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest from the bytes of its file.

    Raises:
        BundleError: the bytes are no manifest of this schema version.

    """
    fields = Fields(_load(data))
    if (schema_version := fields.integer("schema_version")) != SCHEMA_VERSION:
        raise BundleError(
            f"{MANIFEST_NAME}: schema_version {schema_version} is not known; this briefd reads {SCHEMA_VERSION}"
        )
    manifest = Manifest(
        name=fields.matching("name", _NAME),
        version=fields.optional_text("version"),
        task=fields.one_of("task", (SUMMARIZE, CLASSIFY)),
        engine=fields.matching("engine", _NAME),
        language=fields.matching("language", _LANGUAGE),
        license=fields.text("license"),
        provenance=fields.mapping("provenance"),
        files={path: _parse_file(path, entry) for path, entry in fields.entries("files")},
        variants={name: _parse_variant(name, entry) for name, entry in fields.entries("variants")},
        limits=fields.integers("limits"),
        engine_parameters=fields.mapping("engine_parameters"),
        evaluation=fields.mapping("evaluation"),
        examples=fields.texts("examples", _EXAMPLE),
    )
    fields.refuse_others()
    _check_task(manifest)
    _check_variants(manifest)
    return manifest


def encode_manifest(manifest: Manifest) -> bytes:
    """Write a manifest as canonical JSON: keys sorted, two spaces deep, UTF-8, one final newline.

    Raises:
        BundleError: the manifest would not be read back.

    """
    content = asdict(manifest)
    if manifest.version is None:
        del content["version"]
    if not manifest.examples:
        del content["examples"]
    for variant in content["variants"].values():
        for key, default in _VARIANT_DEFAULTS.items():
            if variant[key] == default:
                del variant[key]
    content["schema_version"] = SCHEMA_VERSION
    try:
        text = json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        data = f"{text}\n".encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise BundleError(f"{MANIFEST_NAME}: cannot be written as JSON: {error}") from None
    parse_manifest(data)
    return data


def _load(data: bytes) -> Any:
    if len(data) > MAX_MANIFEST_BYTES:
        raise BundleError(f"{MANIFEST_NAME}: larger than {MAX_MANIFEST_BYTES} bytes; this is no manifest")
    try:
        content = json.loads(data.decode(), object_pairs_hook=_without_twins, parse_constant=_refuse_constant)
        # What JSON can say and UTF-8 cannot, a lone surrogate, is found by saying it; so is a number beyond float.
        json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{MANIFEST_NAME}: not valid JSON in UTF-8: {_one_line(error)}") from None
    return content


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return content


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _parse_file(path: str, entry: Fields) -> FileEntry:
    if not _PATH.fullmatch(path) or ".." in PurePosixPath(path).parts or path == MANIFEST_NAME:
        raise BundleError(f"{MANIFEST_NAME}: files: a path is not a plain relative one; name files inside the bundle")
    parsed = FileEntry(sha256=entry.matching("sha256", _SHA256), size_bytes=entry.integer("size_bytes"))
    entry.refuse_others()
    return parsed


def _parse_variant(name: str, entry: Fields) -> VariantEntry:
    if not _NAME.fullmatch(name):
        raise BundleError(f"{MANIFEST_NAME}: variants: a name must be a text like {_NAME.pattern}")
    parsed = VariantEntry(
        file=entry.text("file"),
        memory_bytes=entry.optional_integer("memory_bytes"),
        extra_files=entry.texts("extra_files"),
        cpu_features=entry.texts("cpu_features", _CPU_FEATURE),
        rank=entry.optional_integer("rank") or 0,
    )
    entry.refuse_others()
    return parsed


def _check_task(manifest: Manifest) -> None:
    task = _TASK_BY_ENGINE.get(manifest.engine, manifest.task)
    if manifest.task != task:
        raise BundleError(f"{MANIFEST_NAME}: task must be {task}, which is what the {manifest.engine} engine is for")


def _check_variants(manifest: Manifest) -> None:
    if not manifest.forms:
        raise BundleError(f"{MANIFEST_NAME}: variants: {OPTIMIZED} is missing; every bundle has it or other forms")
    for name, variant in manifest.variants.items():
        if not variant.files <= set(manifest.files):
            raise BundleError(f"{MANIFEST_NAME}: variants.{name}: a file is not listed in files; list it")
        if name == BASELINE and variant.cpu_features:
            raise BundleError(f"{MANIFEST_NAME}: variants.{name}: float32 runs anywhere; remove its cpu_features")
