"""Every setting of the daemon: one frozen object, and the one place where values are checked."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from briefd.address import Address, AddressError, TcpAddress, parse_address
from briefd_server.bundle import DEFAULT_BUNDLE
from briefd_server.errors import ConfigError

LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Setting:
    """How a setting is given: `parse` turns a flag's text or a TOML value into its value, or raises ValueError.

    `default` is a value, or None or empty where the help says what is chosen.
    """

    default: object
    parse: Callable[[object], Any]
    metavar: str
    text: str

    @property
    def help(self) -> str:
        """What the setting does, and its default."""
        is_told = self.default in {None, ()} or self.is_switch
        return self.text if is_told else f"{self.text} Default: {self.default}."

    @property
    def is_switch(self) -> bool:
        """Whether its flag stands alone."""
        return self.parse is _switch

    @property
    def is_repeatable(self) -> bool:
        """Whether it may be given more than once."""
        return self.parse is _addresses


def _whole(low: int, high: int) -> Callable[[object], int]:
    def parse(value: object) -> int:
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"give a whole number from {low} to {high}")
        return value

    return parse


def _number(low: float, high: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        try:
            number = float(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not low <= number <= high:
            raise ValueError(f"give a number from {low:g} to {high:g}")
        return number

    return parse


def _switch(value: object) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if isinstance(value, str):
        value = words.get(value.lower())
    if not isinstance(value, bool):
        raise ValueError("give true or false")  # noqa: TRY004 - one type for every refusal of a value
    return value


def _name(value: object) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("give a name or a directory")
    return value


def _log_level(value: object) -> str:
    if not isinstance(value, str) or value.lower() not in LOG_LEVELS:
        raise ValueError(f"give one of {', '.join(LOG_LEVELS)}")
    return value.lower()


def _addresses(value: object) -> tuple[Address, ...]:
    texts = value.split() if isinstance(value, str) else value
    if not isinstance(texts, (list, tuple)) or not texts or not all(isinstance(text, str) for text in texts):
        raise ValueError("give one address or more")
    try:
        addresses = tuple(parse_address(text) for text in texts)
    except AddressError as error:
        raise ValueError(str(error)) from None
    if len(set(addresses)) < len(addresses):
        raise ValueError("an address is given twice; give it once")
    return addresses


def _setting(default: object, parse: Callable[[object], Any], metavar: str, text: str) -> Any:
    return field(default=default, metadata={"setting": Setting(default, parse, metavar, text)})


@dataclass(frozen=True, slots=True)
class Config:
    """The daemon's settings. Fields that default to None are chosen for the machine at the start."""

    listen: tuple[Address, ...] = _setting(
        (),
        _addresses,
        "ADDRESS",
        "Listen here: unix:PATH or HOST:PORT; may be repeated. Port 0 lets the system choose. "
        "Default: unix:$XDG_RUNTIME_DIR/briefd.sock, or unix:/run/briefd/briefd.sock where that variable is not set.",
    )
    bundle: str = _setting(
        DEFAULT_BUNDLE,
        _name,
        "DIR_OR_NAME",
        "Bundle to serve: a directory, written with a /, or a name looked up in $XDG_DATA_HOME/briefd/bundles, "
        "/var/lib/briefd/bundles and among those installed with briefd.",
    )
    threads: int | None = _setting(
        None,
        _whole(1, 64),
        "N",
        "Threads that run the model, for each worker. Default: the physical cores that the process may use, divided "
        "among the workers, at most 4.",
    )
    workers: int = _setting(1, _whole(1, 16), "N", "Calls that run at the same time, each with a model of its own.")
    queue: int = _setting(8, _whole(0, 1024), "N", "Calls that may wait for a worker; more are refused at once.")
    max_text_bytes: int = _setting(262_144, _whole(1, 64 << 20), "BYTES", "Largest text that is read, in UTF-8.")
    grace_seconds: float = _setting(
        10, _number(0, 3600), "SECONDS", "How long calls may take to finish once the daemon is told to stop."
    )
    grid_grams_per_kwh: float | None = _setting(
        None,
        _number(0, 5000),
        "GRAMS",
        "Carbon intensity of the electricity, in grams of CO2e a kilowatt-hour. Default: 473, the world's average in "
        "2024 (Ember, Global Electricity Review 2025).",
    )
    watts_per_core: float | None = _setting(
        None,
        _number(0, 1000),
        "WATTS",
        "Power that one busy core adds, for the energy estimate. Default: 0.8 on Arm (Raspberry Pi 4), 2.76 elsewhere "
        "(a server's hardware thread).",
    )
    allow_insecure_tcp: bool = _setting(
        default=False,
        parse=_switch,
        metavar="",
        text="Allow listening on TCP addresses that other machines reach; there is no TLS.",
    )
    log_level: str = _setting("info", _log_level, "LEVEL", f"What is logged: {', '.join(LOG_LEVELS)}.")

    def __post_init__(self) -> None:
        """Check what concerns more than one setting.

        Raises:
            ConfigError: a TCP address is reachable from outside and that was not allowed.

        """
        for address in self.listen:
            if isinstance(address, TcpAddress) and not address.is_loopback and not self.allow_insecure_tcp:
                raise ConfigError(
                    f"other machines can reach {address}, without TLS; "
                    "listen on 127.0.0.1 or allow it with --allow-insecure-tcp"
                )


SETTINGS: dict[str, Setting] = {item.name: item.metadata["setting"] for item in fields(Config)}
