"""Where settings come from: a TOML file, then `BRIEFD_*` in the environment, then flags; the later wins."""

from __future__ import annotations

import re
import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from briefd.address import default_address
from briefd_server.config.settings import SETTINGS, Config
from briefd_server.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PREFIX = "BRIEFD_"
# Variables of the same prefix that are no settings of the daemon: its file, and the client's address.
_OTHER_VARIABLES = {"BRIEFD_CONFIG", "BRIEFD_ADDRESS"}

# What Kubernetes and Docker set in every container for a service named `briefd`, or `briefd-…`, and its ports:
# https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
_LINK_NAME = re.compile(r"\w+_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)")
_LINK_URL = re.compile(r"(tcp|udp|sctp)://.*")


def load_config(file: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]) -> Config:
    """Read all settings and check them.

    Args:
        file: TOML file whose top-level keys are settings; none: there is no file.
        environ: the environment; `BRIEFD_THREADS` sets `threads`.
        flags: what the command line gave, keyed by setting.

    Raises:
        ConfigError: a key is unknown, a value is wrong or the file cannot be read.

    """
    values = {"listen": SETTINGS["listen"].parse(default_address(environ))}
    values |= _parse_all(_read_file(file), f"{file}: {{}}".format) if file else {}
    values |= _parse_all(_from_environment(environ), variable_name)
    values |= _parse_all(flags, flag_name)
    return Config(**values)


def variable_name(key: str) -> str:
    """Name the environment variable of a setting."""
    return f"{PREFIX}{key.upper()}"


def flag_name(key: str) -> str:
    """Name the flag of a setting."""
    return f"--{key.replace('_', '-')}"


def _parse_all(values: Mapping[str, object], label: Callable[[str], str]) -> dict[str, Any]:
    return {key: _parse(key, value, label) for key, value in values.items()}


def _parse(key: str, value: object, label: Callable[[str], str]) -> object:
    if key not in SETTINGS:
        near = get_close_matches(key, SETTINGS, n=1)
        hint = f"did you mean {label(near[0])}?" if near else "briefd --help tells which there are"
        raise ConfigError(f"{label(key)} is no setting; {hint}")
    try:
        return SETTINGS[key].parse(value)
    except ValueError as error:
        raise ConfigError(f"{label(key)}: {error}") from None


def _read_file(file: Path) -> dict[str, Any]:
    # Only where there is a file: the command must be able to say what is not installed.
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415
    else:
        import tomli as tomllib  # noqa: PLC0415
    try:
        content: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror}); give another --config") from None
    except ValueError as error:
        raise ConfigError(f"{file}: not valid TOML in UTF-8: {' '.join(str(error).split())}") from None
    return content


def _from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in _OTHER_VARIABLES and not _is_link(name, value)
    }


def _is_link(name: str, value: str) -> bool:
    """Tell whether a variable was set for a container's network, and by nobody who means this daemon."""
    return bool(_LINK_NAME.fullmatch(name) or (name.endswith("_PORT") and _LINK_URL.fullmatch(value)))
