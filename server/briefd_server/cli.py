"""The `briefd` command."""

from __future__ import annotations

import asyncio
import logging
import os
import resource
import sys
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from briefd.output import EXIT_CANNOT_WRITE, guarded_output
from briefd_server.config import SETTINGS, Config, flag_name, load_config, variable_name
from briefd_server.errors import ConfigError, StartError
from briefd_server.log_writing import logging_to_stderr
from briefd_server.threads import bound_thread_pools

if TYPE_CHECKING:
    from collections.abc import Callable

    from briefd_server.bundle import Bundle

EXIT_OK = 0
EXIT_FORCED = 1
EXIT_USAGE = 2
EXIT_START_FAILED = 3

# An idle daemon with one model holds 16; every connection takes one more.
_LEAST_DESCRIPTORS = 32
# What the daemon imports beyond the base distribution.
_EXTRA_MODULES = ("grpc_health", "grpc_reflection", "numpy", "onnxruntime", "psutil", "tokenizers")
_EPILOG = f"""\
Every setting may also stand in the file, under its name with underscores (max_text_bytes = 65536), and in the
environment ({variable_name("max_text_bytes")}=65536, and {variable_name("config")} for the file itself). Flags win over
the environment, the environment over the file. Addresses in the environment are separated by spaces.

Exit codes: {EXIT_OK} stopped by SIGTERM or SIGINT, {EXIT_FORCED} forced by a second signal, {EXIT_USAGE} a wrong flag
or setting, {EXIT_START_FAILED} the start failed, {EXIT_CANNOT_WRITE} standard output cannot be written.
"""


def main() -> None:
    """Run as the console script `briefd`."""
    with guarded_output("briefd"):
        cli(prog_name="briefd")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version("briefd"), prog_name="briefd")
def cli() -> None:
    """Any text, one faithful sentence of 10 to 15 words: the daemon that serves it over gRPC."""


def _setting_options(command: Callable[..., None]) -> Callable[..., None]:
    for key, setting in reversed(SETTINGS.items()):
        kind: dict[str, Any] = (
            {"is_flag": True, "flag_value": "true", "type": str}
            if setting.is_switch
            else {"multiple": setting.is_repeatable, "metavar": setting.metavar}
        )
        command = click.option(flag_name(key), key, default=None, help=setting.help, **kind)(command)
    return command


@cli.command(epilog=_EPILOG)
@click.option(
    "--config",
    "file",
    envvar=variable_name("config"),
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Read settings from this TOML file.",
)
@_setting_options
def serve(file: Path | None, **flags: str | tuple[str, ...] | None) -> None:
    """Serve a bundle until SIGTERM or SIGINT.

    SIGHUP reads the settings and the bundle again; calls that run are not disturbed, and where anything fails all stays
    as it was. Where it listens is not read again.
    """
    try:
        _require_extra()
        _require_descriptors()
        given = {key: value for key, value in flags.items() if value not in {None, ()}}
        code = _serve(partial(load_config, file, os.environ, given))
    except StartError as error:
        click.echo(f"briefd: {error}", err=True)
        code = EXIT_USAGE if isinstance(error, ConfigError) else EXIT_START_FAILED
    except OSError as error:  # of the system, which lacks something that every start needs
        click.echo(f"briefd: the start failed: {error}", err=True)
        code = EXIT_START_FAILED
    sys.exit(code)


def _require_extra() -> None:
    if missing := [name for name in _EXTRA_MODULES if find_spec(name) is None]:
        raise StartError(f"not installed: {', '.join(missing)}; run: pip install 'briefd[server]'")


def _require_descriptors() -> None:
    """Refuse to start with fewer file descriptors than gRPC needs: it would abort the process."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit != resource.RLIM_INFINITY and limit < _LEAST_DESCRIPTORS:
        raise StartError(
            f"only {limit} files may be open, and {_LEAST_DESCRIPTORS} are needed; raise the limit (ulimit -n, "
            "LimitNOFILE= of a unit)"
        )


def _serve(read_config: Callable[[], Config]) -> int:
    config = read_config()
    with logging_to_stderr(config.log_level):
        return _live(config, read_config)


def _live(config: Config, read_config: Callable[[], Config]) -> int:
    bound_thread_pools(os.environ)
    # gRPC's own lines are written by whichever thread has something to say, and would wait for a reader that stands
    # still; all that concerns a user is said in our words.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    # Only now, since these import the libraries just looked for and bounded.
    from briefd_server.bundle import bundle_directories, find_bundle, read_bundle  # noqa: PLC0415
    from briefd_server.daemon import Daemon  # noqa: PLC0415

    directories = bundle_directories(os.environ)
    bundle = read_bundle(find_bundle(config.bundle, directories))

    def reread() -> tuple[Config, Bundle]:
        config = read_config()
        bundle = read_bundle(find_bundle(config.bundle, directories))
        logging.getLogger().setLevel(config.log_level.upper())
        return config, bundle

    async def live() -> tuple[bool, bool]:
        daemon = Daemon(config, bundle, reread=reread)
        return await daemon.run(), daemon.is_busy

    was_in_order, is_busy = asyncio.run(live())
    code = EXIT_OK if was_in_order else EXIT_FORCED
    if is_busy:
        # Python would wait for the worker's thread, and a model that does not stop would hold up the exit.
        logging.shutdown()
        os._exit(code)
    return code
