"""Servers for the lines of a client: plain ones, ones with TLS, and what is left of them."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING

import psutil

from mlflow_ops.server import certificates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Serve = Callable[[socket.socket], None]


def echo(line: socket.socket) -> None:
    """Send all back, and pass on the end."""
    while piece := line.recv(65_536):
        line.sendall(piece)
    with suppress(OSError):
        line.shutdown(socket.SHUT_WR)


def answer_at_the_end(line: socket.socket) -> None:
    """Answer only when the other side has said all."""
    length = 0
    while piece := line.recv(65_536):
        length += len(piece)
    line.sendall(str(length).encode())


@contextmanager
def serving(serve: Serve, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve each connection in a thread of its own; yield the port."""
    threads: list[threading.Thread] = []

    def one(raw: socket.socket) -> None:
        with suppress(OSError), raw, _wrapped(raw, context) as line:
            serve(line)

    def accept() -> None:
        with suppress(OSError):
            while True:
                line, _ = listener.accept()
                threads.append(threading.Thread(target=one, args=(line,), daemon=True))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def _wrapped(raw: socket.socket, context: ssl.SSLContext | None) -> socket.socket:
    return context.wrap_socket(raw, server_side=True) if context else raw


@cache
def authority() -> tuple[str, str]:
    """Return the key and the certificate of a CA."""
    return certificates.authority("test")


def server_context(folder: Path, *names: str) -> ssl.SSLContext:
    """Return the TLS of a server that the CA has signed for these names."""
    (folder / "leaf.pem").write_text(certificates.leaf(*authority(), names))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "leaf.pem")
    return context


def said(line: socket.socket) -> bytes:
    """Return all that comes until the end."""
    return b"".join(iter(lambda: line.recv(65_536), b""))


def open_sockets() -> set[int]:
    """Return the numbers of the sockets that this process has open."""
    return {each.fd for each in psutil.Process().net_connections("all")}
