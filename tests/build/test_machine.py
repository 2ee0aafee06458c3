"""The machine and its libraries, as reports name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from briefd_build.machine import describe_processor, installed_versions

if TYPE_CHECKING:
    from pathlib import Path


def test_the_processor_is_named(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: Some Processor\n\nprocessor\t: 1\n")
    assert describe_processor(str(tmp_path)).startswith("Some Processor x ")
    assert not describe_processor(str(tmp_path / "none")).startswith(" x ")


def test_only_installed_packages_have_versions() -> None:
    versions = installed_versions(("numpy", "no-such-package"))
    assert list(versions) == ["numpy"]
    assert versions["numpy"][0].isdigit()
