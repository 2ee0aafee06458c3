"""What is declared, pinned and shipped is what the code needs."""

from __future__ import annotations

import ast
import subprocess
import sys
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
METADATA = PROJECT["project"]
PACKAGES = {
    Path(folder).name: ROOT / folder for folder in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
}
STANDARD_LIBRARY = {*sys.stdlib_module_names, "tomllib"}


def requirements(*extras: str) -> list[Requirement]:
    """The base dependencies and those of `extras`, with what these contain in turn."""
    found = [Requirement(line) for line in METADATA["dependencies"]]
    for extra in extras:
        for line in METADATA["optional-dependencies"][extra]:
            requirement = Requirement(line)
            found += requirements(*requirement.extras) if requirement.name == METADATA["name"] else [requirement]
    return found


def imported_modules(package: Path) -> set[str]:
    """Top-level names of everything that the package's modules import, wherever in the module."""
    names: set[str] = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.partition(".")[0])
    return names


@pytest.mark.parametrize(
    ("package", "extras", "own_packages"),
    [
        ("briefd", [], {"briefd"}),
        ("briefd_client", [], {"briefd", "briefd_client"}),
        ("briefd_server", ["server"], {"briefd", "briefd_server"}),
        ("briefd_build", ["build"], {"briefd", "briefd_server", "briefd_build"}),
    ],
)
def test_a_package_imports_only_what_its_extra_installs(
    package: str, extras: list[str], own_packages: set[str]
) -> None:
    declared = {canonicalize_name(requirement.name) for requirement in requirements(*extras)}
    distributions = packages_distributions()
    foreign = imported_modules(PACKAGES[package]) - STANDARD_LIBRARY - own_packages
    undeclared = {
        module for module in foreign if declared.isdisjoint(map(canonicalize_name, distributions.get(module, [module])))
    }
    assert not undeclared


PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def test_constraints_are_exact_pins_that_name_no_place() -> None:
    assert all(pin.url is None and str(pin.specifier).startswith("==") for pin in PINS)


@pytest.mark.parametrize("python_version", ["3.10", "3.11", "3.12", "3.13"])
@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_every_dependency_has_one_pin_within_its_range(python_version: str, machine: str) -> None:
    environment = {
        "python_version": python_version,
        "python_full_version": f"{python_version}.1",
        "platform_machine": machine,
        "sys_platform": "linux",
    }
    applying = [pin for pin in PINS if pin.marker is None or pin.marker.evaluate(environment)]
    pinned = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in applying}
    assert len(pinned) == len(applying)
    for requirement in requirements("dev"):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement


def source_files(folder: Path) -> set[str]:
    """Files below `folder` that ship, relative to the folder's parent."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("baseline"))
    paths = (path for path in files if "__pycache__" not in path.parts)
    return {path.relative_to(folder.parent).as_posix() for path in paths}


@pytest.fixture(scope="module")
def wheel_files(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_the_packages_and_nothing_else(wheel_files: set[str]) -> None:
    wanted = set().union(*map(source_files, PACKAGES.values()))
    assert {name for name in wheel_files if ".dist-info/" not in name} == wanted


@pytest.mark.parametrize("name", ["LICENSE", "NOTICE"])
def test_the_wheel_holds_its_licences(wheel_files: set[str], name: str) -> None:
    assert f"briefd-{METADATA['version']}.dist-info/licenses/{name}" in wheel_files


@pytest.mark.parametrize(
    "name",
    [
        "briefd/v1/briefd.proto",
        "briefd/py.typed",
        "briefd_client/py.typed",
        "briefd_server/bundles/default-en/bundle.json",
        "briefd_server/bundles/default-en/optimized.onnx",
        "briefd_server/bundles/default-en/tokenizer.json",
    ],
)
def test_the_wheel_holds_what_its_users_need(wheel_files: set[str], name: str) -> None:
    assert name in wheel_files
