"""Small bundles for tests: right in form, with a few bytes where a model would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_server.bundle import FileEntry, Manifest, VariantEntry, describe_file, write_manifest

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"tokenizer.json": b"{}", "optimized.onnx": b"small", "baseline.onnx": b"a larger one"}


def make_manifest(files: dict[str, FileEntry], **changes: object) -> Manifest:
    variants = {
        name: VariantEntry(f"{name}.onnx", 1 << 20) for name in ("optimized", "baseline") if f"{name}.onnx" in files
    }
    values = {"name": "tiny-en", "language": "en", "license": "Apache-2.0", "files": files, "variants": variants}
    return Manifest(**{**values, **changes})  # type: ignore[arg-type] # changed fields are the test's business


def make_bundle(directory: Path, *, with_baseline: bool = True, **changes: object) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        if with_baseline or not name.startswith("baseline"):
            (directory / name).write_bytes(content)
    files = {path.name: describe_file(path) for path in directory.iterdir()}
    write_manifest(directory, make_manifest(files, **changes))
    return directory
