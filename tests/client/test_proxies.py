"""A proxy of the user's never hears of a server that is here, or on a private address."""

from __future__ import annotations

import re
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from client.parts import serving

from mlflow_ops.errors import NotReady
from mlflow_ops.reach import shells
from mlflow_ops.reach.client import Client
from mlflow_ops.reach.tracking import Tracking, near

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
PROXIES = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
LISTS = ("NO_PROXY", "no_proxy")


@contextmanager
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Run a proxy that this process is told to use; give what it hears."""
    heard: list[bytes] = []

    def hear(line: socket.socket) -> None:
        heard.append(line.recv(65_536))
        line.sendall(b"HTTP/1.1 502 Not here\r\nContent-Length: 0\r\n\r\n")

    with serving(hear) as port:
        for name in PROXIES:
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        for name in LISTS:
            monkeypatch.delenv(name, raising=False)
        yield heard


def answer(line: socket.socket) -> None:
    """Answer any one request."""
    line.recv(65_536)
    line.sendall(ANSWER)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_login_to_a_server_on_this_machine_goes_through_no_proxy(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(monkeypatch) as heard, serving(answer) as port:
        Tracking(f"http://{host}:{port}", "admin", "secret").look()
    assert heard == []


def test_a_public_server_is_reached_through_the_users_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with proxy(monkeypatch) as heard, pytest.raises(NotReady):
        Tracking("https://mlflow.example.org:5000", "admin", "secret").look()
    assert [each.split()[:2] for each in heard] == [[b"CONNECT", b"mlflow.example.org:5000"]]


def test_clients_of_a_server_here_are_told_to_use_no_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with proxy(monkeypatch) as heard, serving(answer) as port:
        uri = f"http://127.0.0.1:{port}"
        for name, value in Client(uri).environment({}).items():
            monkeypatch.setenv(name, value)
        # Not `urlopen`, which would keep to this proxy for the rest of the process.
        urllib.request.build_opener().open(uri, timeout=60).close()
    assert heard == []


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("http://127.0.0.1:5000", "127.0.0.1"),
        ("https://127.1.2.3", "127.1.2.3"),
        ("http://localhost:5000", "localhost"),
        ("http://[::1]:5000", "::1"),
        ("https://10.0.0.7:5000", "10.0.0.7"),
        ("https://[fd00::7]:5000", "fd00::7"),
        ("https://54.214.0.1:5000", ""),
        ("https://[2600:1f18::7]:5000", ""),
        ("https://mlflow.example.org", ""),
        ("https://10.0.0.7.example.org", ""),
        ("https://10.0.0.7@mlflow.example.org", ""),
    ],
)
def test_only_this_machine_and_private_addresses_are_near(uri: str, host: str) -> None:
    assert near(uri) == host
    assert {each.rpartition(",")[2] for each in unproxied(uri)} == ({host} if host else set())


def unproxied(uri: str, **own: str) -> list[str]:
    """Return the two lists that a client of this server gets from a user with these."""
    found = Client(uri).environment(own)
    return [found[name] for name in LISTS if name in found]


@pytest.mark.parametrize(
    ("own", "both"),
    [
        ({}, ["10.0.0.7"] * 2),
        ({"NO_PROXY": ".corp,db"}, [".corp,db,10.0.0.7"] * 2),
        ({"no_proxy": ".corp"}, [".corp,10.0.0.7"] * 2),
        ({"NO_PROXY": "a", "no_proxy": "b"}, ["a,10.0.0.7", "b,10.0.0.7"]),
        ({"NO_PROXY": "a, 10.0.0.7"}, ["a, 10.0.0.7"] * 2),
        ({"NO_PROXY": "*"}, ["*"] * 2),
    ],
)
def test_the_users_own_list_stays_and_grows_once(own: dict[str, str], both: list[str]) -> None:
    assert unproxied("https://10.0.0.7:5000", **own) == both


def test_env_prints_the_list_and_leaves_it_alone_for_a_public_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_PROXY", ".corp")
    monkeypatch.delenv("no_proxy", raising=False)
    near_one = shells.commands("bash", Client("http://127.0.0.1:5000").exports)
    assert re.findall("export (?:NO_PROXY|no_proxy)=(.*);", near_one) == [".corp,127.0.0.1"] * 2
    assert "proxy" not in shells.commands("bash", Client("https://54.214.0.1").exports).lower()
