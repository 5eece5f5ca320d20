"""A stream of bytes both ways: a socket, an SSH channel, or TLS over either."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from dataclasses import dataclass, field
from typing import Protocol

CHUNK = 65_536
CONNECT_DEADLINE = 10.0


class Line(Protocol):
    """What a socket and an SSH channel have in common."""

    def recv(self, count: int, /) -> bytes:
        """Wait for bytes, and return at most `count` of them; none means that no more come."""

    def sendall(self, data: bytes, /) -> object:
        """Send all of it."""

    def settimeout(self, seconds: float | None, /) -> None:
        """Bound how long `recv` and `sendall` may wait."""

    def shutdown(self, how: int, /) -> None:
        """Say that no more bytes go out (SHUT_WR), or neither way (SHUT_RDWR)."""

    def close(self) -> None:
        """Let go of it."""


def end(line: Line) -> None:
    """Close a line, waking who waits for it in another thread, which close() alone does not."""
    with contextlib.suppress(
        Exception
    ):  # its other end was closed before: each kind says it its way
        line.shutdown(socket.SHUT_RDWR)
    line.close()


def plain_line(address: str, port: int, deadline: float = CONNECT_DEADLINE) -> socket.socket:
    """Connect to the address; raises OSError, after `deadline` seconds without an answer."""
    line = socket.create_connection((address, port), timeout=deadline)
    line.settimeout(None)
    # Else small pieces wait for the other side's delayed acknowledgement of the one before.
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return line


def sealed(line: Line, context: ssl.SSLContext, name: str) -> Line:
    """Return TLS over the line, to a server that proves to be `name`; raises OSError if not.

    The line is closed then.
    """
    read, written = ssl.MemoryBIO(), ssl.MemoryBIO()
    made = _Sealed(line, context.wrap_bio(read, written, server_hostname=name), read, written)
    try:
        line.settimeout(CONNECT_DEADLINE)
        made.shake_hands()
        line.settimeout(None)
    except BaseException:
        end(line)
        raise
    return made


@dataclass(eq=False)
class _Sealed:
    """TLS between two buffers of our own, so that it goes over an SSH channel, too.

    One thread may read while another writes: OpenSSL's state has a lock of its own, which nobody
    keeps while waiting for the other side (https://docs.openssl.org/3.0/man7/openssl-threads/).
    """

    line: Line
    tls: ssl.SSLObject
    read: ssl.MemoryBIO
    written: ssl.MemoryBIO
    state: threading.Lock = field(default_factory=threading.Lock)
    sending: threading.Lock = field(default_factory=threading.Lock)

    def shake_hands(self) -> None:
        """Agree on the keys, and judge the server's certificate."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.line.sendall(self.written.read())
                self._feed()
            else:
                self.line.sendall(self.written.read())
                return

    def recv(self, count: int, /) -> bytes:
        """Return what the server says next; none means that it has ended."""
        while True:
            with self.state:
                try:
                    return self.tls.read(count)
                except ssl.SSLZeroReturnError:
                    return b""
                except ssl.SSLWantReadError:
                    pass  # what TLS itself may have to answer goes out with the next bytes of ours
            self._feed()

    def _feed(self) -> None:
        piece = self.line.recv(CHUNK)
        with self.state:
            if piece:
                self.read.write(piece)
            else:
                self.read.write_eof()  # TLS judges whether the end is the server's own

    def sendall(self, data: bytes, /) -> None:
        """Send all of it."""
        with self.sending:  # in the order in which it is sealed
            with self.state:
                self.tls.write(data)
                piece = self.written.read()
            self.line.sendall(piece)

    def settimeout(self, seconds: float | None, /) -> None:
        """Bound how long `recv` and `sendall` may wait."""
        self.line.settimeout(seconds)

    def shutdown(self, how: int, /) -> None:
        """End both ways; an end of ours alone is kept to ourselves.

        A server in Python takes TLS's word for it as the end of both ways, and cuts its answer
        short (https://docs.python.org/3/library/asyncio-protocol.html#asyncio.Protocol.eof_received).
        """
        if how != socket.SHUT_WR:
            self.line.shutdown(how)

    def close(self) -> None:
        """Let go of the line."""
        self.line.close()
