"""Settings: where they come from, which wins, and what is refused."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd.address import TcpAddress, UnixAddress
from briefd_server.config import SETTINGS, Config, load_config
from briefd_server.errors import ConfigError

SESSION = {"XDG_RUNTIME_DIR": "/run/user/7"}


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "briefd.toml"
    file.write_text(text)
    return file


def test_defaults() -> None:
    config = load_config(None, SESSION, {})
    assert config.listen == (UnixAddress("/run/user/7/briefd.sock"),)
    assert (config.workers, config.queue, config.max_text_bytes) == (1, 8, 256 * 1024)
    assert load_config(None, {}, {}).listen == (UnixAddress("/run/briefd/briefd.sock"),)


def test_the_later_source_wins(tmp_path: Path) -> None:
    file = write(tmp_path, 'queue = 1\nworkers = 1\nthreads = 1\nlisten = ["unix:/a", "[::1]:0"]\n')
    config = load_config(file, {"BRIEFD_WORKERS": "2", "BRIEFD_THREADS": "2"}, {"threads": "3"})
    assert (config.queue, config.workers, config.threads) == (1, 2, 3)
    assert config.listen == (UnixAddress("/a"), TcpAddress("::1", 0))


def test_every_source_takes_every_setting(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        'listen = "unix:/a"\nbundle = "x"\nthreads = 2\nworkers = 2\nqueue = 0\nmax_text_bytes = 10\n'
        "grace_seconds = 1\ngrid_grams_per_kwh = 50\nwatts_per_core = 1.5\nallow_insecure_tcp = true\n"
        'log_level = "DEBUG"\n',
    )
    texts = {
        "listen": "unix:/a", "bundle": "x", "threads": "2", "workers": "2", "queue": "0", "max_text_bytes": "10",
        "grace_seconds": "1", "grid_grams_per_kwh": "50", "watts_per_core": "1.5", "allow_insecure_tcp": "true",
        "log_level": "debug",
    }  # fmt: skip
    assert set(texts) == {item.name for item in fields(Config)} == set(SETTINGS)
    expected = load_config(file, {}, {})
    assert expected.allow_insecure_tcp is True
    assert load_config(None, {}, texts) == expected
    assert load_config(None, {f"BRIEFD_{key.upper()}": text for key, text in texts.items()}, {}) == expected


def test_a_byte_order_mark_before_the_file_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "briefd.toml"
    file.write_text("queue = 3\n", encoding="utf-8-sig")
    assert load_config(file, SESSION, {}).queue == 3


LINKS = {
    "BRIEFD_PORT": "tcp://10.43.0.9:50051",
    "BRIEFD_PORT_50051_TCP": "tcp://10.43.0.9:50051",
    "BRIEFD_PORT_50051_TCP_PROTO": "tcp",
    "BRIEFD_PORT_50051_TCP_PORT": "50051",
    "BRIEFD_PORT_50051_TCP_ADDR": "10.43.0.9",
    "BRIEFD_SERVICE_HOST": "10.43.0.9",
    "BRIEFD_SERVICE_PORT": "50051",
    "BRIEFD_SERVICE_PORT_GRPC": "50051",
    "BRIEFD_QUEUE_PORT": "udp://10.43.0.10:53",
    "BRIEFD_QUEUE_SERVICE_HOST": "10.43.0.10",
}


def test_what_a_container_is_told_of_its_neighbours_is_no_setting() -> None:
    assert load_config(None, {**SESSION, **LINKS, "BRIEFD_QUEUE": "3"}, {}) == load_config(None, SESSION, {"queue": 3})


def test_a_port_that_no_link_set_is_still_refused() -> None:
    with pytest.raises(ConfigError, match="BRIEFD_PORT is no setting"):
        load_config(None, {"BRIEFD_PORT": "50051"}, {})


def test_the_environment_separates_addresses_by_spaces() -> None:
    config = load_config(None, {"BRIEFD_LISTEN": "unix:/a localhost:1"}, {})
    assert config.listen == (UnixAddress("/a"), TcpAddress("localhost", 1))


def test_other_variables_are_left_alone() -> None:
    environ = {**SESSION, "BRIEFD_CONFIG": "x", "BRIEFD_ADDRESS": "y", "BRIEF": "z", "_BRIEFD_COMPLETE": "bash_source"}
    assert load_config(None, environ, {}) == load_config(None, SESSION, {})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("thread = 2", r"briefd.toml: thread is no setting; did you mean .*briefd.toml: threads\?"),
        ("[server]\nqueue = 1", "server is no setting; briefd --help tells which there are"),
        ("queue = 8.0", "queue: give a whole number from 0 to 1024"),
        ("queue = true", "queue: give a whole number"),
        ("queue = -1", "queue: give a whole number"),
        ("workers = 0", "workers: give a whole number from 1"),
        ("grace_seconds = nan", "grace_seconds: give a number from 0 to 3600"),
        ("grace_seconds = inf", "grace_seconds: give a number"),
        ("grace_seconds = true", "grace_seconds: give a number"),
        ("allow_insecure_tcp = 1", "allow_insecure_tcp: give true or false"),
        ('log_level = "loud"', "log_level: give one of debug, info, warning, error"),
        ('bundle = ""', "bundle: give a name"),
        ("listen = []", "listen: give one address"),
        ("listen = [1]", "listen: give one address"),
        ('listen = "nowhere"', "listen: 'nowhere' is no address; write unix:PATH or HOST:PORT"),
        ('listen = ["unix:/a", "unix:/a"]', "listen: an address is given twice"),
        ("queue = ", "not valid TOML"),
    ],
)
def test_refuses_with_one_line_that_states_the_fix(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as refusal:
        load_config(write(tmp_path, text), SESSION, {})
    assert len(str(refusal.value).splitlines()) == 1


def test_names_the_source_of_a_wrong_value(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^BRIEFD_QUEUE: give a whole number"):
        load_config(None, {"BRIEFD_QUEUE": "many"}, {})
    with pytest.raises(ConfigError, match=r"^--max-text-bytes: give a whole number"):
        load_config(None, {}, {"max_text_bytes": "1e3"})
    with pytest.raises(ConfigError, match=r"^BRIEFD_LISTENS is no setting; did you mean BRIEFD_LISTEN\?"):
        load_config(None, {"BRIEFD_LISTENS": "x"}, {})


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin1.toml").write_bytes(b'bundle = "\xe9"')
    for place in (tmp_path, tmp_path / "missing.toml", tmp_path / "latin1.toml"):
        with pytest.raises(ConfigError, match=str(place)):
            load_config(place, SESSION, {})


@pytest.mark.parametrize("address", ["0.0.0.0:50051", "[::]:50051", "device.local:50051", "192.168.0.1:0"])
def test_reachable_tcp_must_be_asked_for(address: str) -> None:
    with pytest.raises(ConfigError, match=r"without TLS; .* --allow-insecure-tcp"):
        load_config(None, {}, {"listen": (address,)})
    assert load_config(None, {}, {"listen": (address,), "allow_insecure_tcp": True}).listen


def test_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Config().queue = 9  # type: ignore[misc]


@given(st.sampled_from(sorted(SETTINGS)), st.text() | st.integers() | st.floats() | st.booleans() | st.lists(st.text()))
def test_any_value_is_taken_or_refused(key: str, value: object) -> None:
    try:
        load_config(None, SESSION, {key: value})
    except ConfigError as error:
        refusal = str(error)
        assert refusal
