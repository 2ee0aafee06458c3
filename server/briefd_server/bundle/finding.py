"""Where bundles are looked for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from briefd_server.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DEFAULT_BUNDLE = "default-en"
SYSTEM_DIRECTORY = Path("/var/lib/briefd/bundles")
PACKAGED_DIRECTORY = Path(__file__).parent.parent / "bundles"


def bundle_directories(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Tell where bundles are looked up by name, in order: the user's, the system's and those shipped with this package.

    The user's is `$XDG_DATA_HOME/briefd/bundles`, where the variable defaults to `$HOME/.local/share`.
    """
    data_home = environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(data_home):
        home = environ.get("HOME", "")
        data_home = os.path.join(home, ".local", "share") if os.path.isabs(home) else ""
    user = (Path(data_home) / "briefd" / "bundles",) if data_home else ()
    return (*user, SYSTEM_DIRECTORY, PACKAGED_DIRECTORY)


def find_bundle(name_or_directory: str, directories: Sequence[Path]) -> Path:
    """Find the directory of a bundle: as given where it holds a `/`, else by name in `directories`.

    Raises:
        BundleError: there is none.

    """
    if "/" in name_or_directory:
        return Path(name_or_directory)
    if name_or_directory not in {"", ".", ".."}:
        for directory in directories:
            # Not `Path.is_dir`, which raises where a directory may not be entered, as a service's HOME may not.
            if os.path.isdir(directory / name_or_directory):
                return directory / name_or_directory
    places = ", ".join(str(directory) for directory in directories)
    raise BundleError(f"no bundle {name_or_directory!r} in {places}; for a directory, write its path with a /")
