"""What is an address, and which one is meant when none is given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefd.address import (
    SERVICE_ADDRESS,
    AddressError,
    TcpAddress,
    UnixAddress,
    default_address,
    parse_address,
)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("unix:/run/briefd/briefd.sock", UnixAddress("/run/briefd/briefd.sock")),
        ("unix:here.sock", UnixAddress("here.sock")),
        ("unix:///run/briefd.sock", UnixAddress("/run/briefd.sock")),
        ("localhost:50051", TcpAddress("localhost", 50051)),
        ("127.0.0.1:0", TcpAddress("127.0.0.1", 0)),
        ("[::1]:65535", TcpAddress("::1", 65535)),
        ("my-device.local:7", TcpAddress("my-device.local", 7)),
    ],
)
def test_reads_both_forms(text: str, address: UnixAddress | TcpAddress) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("", "write unix:PATH or HOST:PORT"),
        ("localhost", "write unix:PATH or HOST:PORT"),
        (":80", "write unix:PATH or HOST:PORT"),
        ("unix:", "write unix:PATH"),
        ("unix:/run/", "write unix:PATH"),
        ("unix:/a\0b", "write unix:PATH"),
        ("unix:/" + "a" * 107, "at most 107 bytes"),
        ("unix:/" + "é" * 54, "at most 107 bytes"),
        ("::1:80", "put an IPv6 address into brackets"),
        ("[localhost]:80", r"write \[::1\]:PORT"),
        ("http://localhost:80", "write the address without http://"),
        ("//host:80", "write unix:PATH or HOST:PORT"),
        ("localhost:", "number from 0 to 65535"),
        ("localhost:65536", "number from 0 to 65535"),
        ("localhost:-1", "number from 0 to 65535"),
        ("localhost:٣", "number from 0 to 65535"),
    ],
)
def test_refuses_the_rest_and_states_the_fix(text: str, fix: str) -> None:
    with pytest.raises(AddressError, match=fix):
        parse_address(text)


@given(st.text(), st.sampled_from(["{}", "unix:{}", "{}:80", "[{}]:80", "localhost:{}"]))
def test_reads_or_refuses_any_text(text: str, form: str) -> None:
    try:
        address = parse_address(form.format(text))
    except AddressError:
        return
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "is_loopback"),
    [
        ("127.0.0.1:1", True),
        ("127.8.9.10:1", True),
        ("[::1]:1", True),
        ("LocalHost:1", True),
        ("0.0.0.0:1", False),
        ("[::]:1", False),
        ("192.168.1.2:1", False),
        ("localhost.example:1", False),
    ],
)
def test_knows_what_stays_on_this_machine(text: str, is_loopback: bool) -> None:
    address = parse_address(text)
    assert isinstance(address, TcpAddress)
    assert address.is_loopback is is_loopback


@pytest.mark.parametrize(
    ("environ", "address"),
    [
        ({"XDG_RUNTIME_DIR": "/run/user/1000"}, "unix:/run/user/1000/briefd.sock"),
        ({"XDG_RUNTIME_DIR": "/run/user/1000/"}, "unix:/run/user/1000/briefd.sock"),
        ({"XDG_RUNTIME_DIR": "relative"}, SERVICE_ADDRESS),
        ({"XDG_RUNTIME_DIR": ""}, SERVICE_ADDRESS),
        ({"RUNTIME_DIRECTORY": "/run/briefd"}, SERVICE_ADDRESS),
        ({}, SERVICE_ADDRESS),
    ],
)
def test_default_follows_the_session(environ: dict[str, str], address: str) -> None:
    assert default_address(environ) == address


def test_target_escapes_what_a_uri_would_read() -> None:
    assert parse_address("unix:/tmp/100% a?b#c").target == "unix:/tmp/100%25%20a%3Fb%23c"
    assert parse_address("[::1]:5").target == "[::1]:5"


@pytest.mark.parametrize(
    ("text", "example"),
    [
        ("http://localhost:50051", "localhost:50051"),
        ("https://[::1]:1/", "[::1]:1"),
        ("grpc://", "HOST:PORT"),
        ("tcp://10.0.0.1:7", "10.0.0.1:7"),
    ],
)
def test_a_url_is_told_from_an_address(text: str, example: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse_address(text)
    scheme = text.partition(":")[0]
    assert str(caught.value) == f"{text!r} is a URL; write the address without {scheme}://, for example {example}"
