"""A local port that leads elsewhere, with real sockets and real TLS."""

from __future__ import annotations

import contextlib
import http.client
import secrets
import socket
import ssl
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest
from client import parts

from mlflow_ops.reach import forward
from mlflow_ops.reach.line import Line, plain_line, sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HERE = "127.0.0.1"


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Hold every test to it that no thread and no socket is left."""
    threads, sockets = threading.active_count(), parts.open_sockets()
    yield
    assert threading.active_count() == threads
    assert parts.open_sockets() <= sockets


def to(port: int) -> Callable[[], Line]:
    return partial(plain_line, HERE, port)


@contextlib.contextmanager
def through(
    way: Callable[[], Line], seen: list[Exception] | None = None
) -> Iterator[socket.socket]:
    """Give a connection to a port that leads this way."""
    failed = forward.ignore if seen is None else seen.append
    with forward.listening(way, failed=failed) as port, client(port) as line:
        yield line


def client(port: int) -> socket.socket:
    return socket.create_connection((HERE, port), timeout=60)


def test_bytes_go_both_ways_on_many_connections_at_once() -> None:
    with parts.serving(parts.echo) as server, forward.listening(to(server)) as port:
        words = [secrets.token_bytes(300_000) for _ in range(5)]
        with contextlib.ExitStack() as stack:
            lines = [stack.enter_context(client(port)) for _ in words]
            sending = [
                threading.Thread(target=both, args=pair) for pair in zip(lines, words, strict=True)
            ]
            for thread in sending:
                thread.start()
            answers = [parts.said(line) for line in lines]
            for thread in sending:
                thread.join()
    assert answers == words


def both(line: socket.socket, words: bytes) -> None:
    line.sendall(words)
    line.shutdown(socket.SHUT_WR)


def test_the_end_of_one_way_is_passed_on_while_the_other_stays() -> None:
    with parts.serving(parts.answer_at_the_end) as server, through(to(server)) as line:
        both(line, b"x" * 1000)
        assert parts.said(line) == b"1000"


def test_a_line_that_cannot_be_made_closes_its_own_connection_alone() -> None:
    seen: list[Exception] = []
    ways: list[Callable[[], Line]] = [broken]

    def next_way() -> Line:
        return ways.pop()()

    with parts.serving(parts.echo) as server, contextlib.ExitStack() as stack:
        ways.append(to(server))
        port = stack.enter_context(forward.listening(next_way, failed=seen.append))
        good = stack.enter_context(client(port))
        good.sendall(b"a")
        assert good.recv(1) == b"a"
        with client(port) as bad:
            assert parts.said(bad) == b""
        good.sendall(b"b")
        assert good.recv(1) == b"b"
    assert [str(error) for error in seen] == ["no way there"]


def broken() -> Line:
    raise ConnectionRefusedError("no way there")


def test_a_server_that_breaks_off_breaks_off_the_client() -> None:
    def break_off(line: socket.socket) -> None:
        line.recv(1)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")

    with parts.serving(break_off) as server, through(to(server)) as line:
        line.sendall(b"a")
        with contextlib.suppress(ConnectionResetError):
            assert line.recv(1) == b""


def test_its_end_ends_the_connections_that_still_wait() -> None:
    with parts.serving(parts.echo) as server, contextlib.ExitStack() as stack:
        with forward.listening(to(server)) as port:
            lines = [stack.enter_context(client(port)) for _ in range(3)]
            for line in lines:
                line.sendall(b"a")
                assert line.recv(1) == b"a"
        assert [line.recv(1) for line in lines] == [b"", b"", b""]
        with pytest.raises(ConnectionRefusedError):
            client(port)


def test_it_listens_to_this_machine_alone() -> None:
    with forward.listening(broken) as port, pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), timeout=60)


def test_a_taken_port_is_left_to_who_has_it() -> None:
    with forward.listening(broken) as first, forward.listening(broken, first) as second:
        assert second not in {0, first}


@pytest.fixture
def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=parts.authority()[1])


@pytest.fixture
def own_tls(tmp_path: Path) -> ssl.SSLContext:
    return parts.server_context(tmp_path, "localhost")


def in_tls(server: int, context: ssl.SSLContext, name: str = "localhost") -> Callable[[], Line]:
    return lambda: sealed(plain_line(HERE, server), context, name)


def test_tls_ends_here_for_a_client_that_knows_none(
    own_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    words, found = secrets.token_bytes(4_000_000), bytearray()
    with parts.serving(parts.echo, own_tls) as server, through(in_tls(server, trusting)) as line:
        # Both sides send far more than fits between them: nobody may wait for the other.
        sending = threading.Thread(target=line.sendall, args=(words,))
        sending.start()
        while len(found) < len(words):
            found += line.recv(65_536)
        sending.join()
    assert found == words


def test_an_end_of_the_clients_words_does_not_cut_the_answer_short(
    own_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    """A server in Python would take TLS's own end as the end of both ways."""
    ended = threading.Event()
    more: list[bytes] = []

    def answer(line: socket.socket) -> None:
        assert line.recv(100) == b"question"
        ended.wait(10)
        line.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            more.append(line.recv(1))
        line.sendall(b"answer")

    with parts.serving(answer, own_tls) as server, through(in_tls(server, trusting)) as line:
        both(line, b"question")
        ended.set()
        assert parts.said(line) == b"answer"
    assert more == []


@pytest.mark.parametrize("fault", ["another name", "another CA", "no TLS"])
def test_a_server_that_cannot_prove_itself_gets_no_byte(
    fault: str, own_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    seen: list[Exception] = []
    name = "mlflow.example" if fault == "another name" else "localhost"
    trust = ssl.create_default_context() if fault == "another CA" else trusting
    got: list[bytes] = []

    def listen(line: socket.socket) -> None:
        got.append(line.recv(100))
        line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with (
        parts.serving(listen, None if fault == "no TLS" else own_tls) as server,
        contextlib.suppress(OSError),
        through(in_tls(server, trust, name), seen) as line,
    ):
        line.sendall(b"GET / HTTP/1.1\r\nAuthorization: Basic c2VjcmV0\r\n\r\n")
        assert parts.said(line) == b""
    assert isinstance(seen[0], ssl.SSLError)
    assert not any(b"Authorization" in words for words in got)


def test_http_with_a_connection_that_stays_works_through_it(
    own_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    def answer(line: socket.socket) -> None:
        for _ in range(3):
            assert line.recv(65_536).startswith(b"GET /page")
            line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    with (
        parts.serving(answer, own_tls) as server,
        forward.listening(in_tls(server, trusting)) as port,
        contextlib.closing(http.client.HTTPConnection(HERE, port, timeout=60)) as browser,
    ):
        for _ in range(3):
            browser.request("GET", "/page")
            assert browser.getresponse().read() == b"ok"
