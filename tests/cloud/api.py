"""The MLflow API of a fake host, as far as our commands ask for it: TLS, the login, two answers."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

from mlflow_ops.server import serving, vault

if TYPE_CHECKING:
    from .home import Home
    from .host import Host

API = "/api/2.0/mlflow"
ANSWERS = {
    "/experiments/search": {"experiments": [{"experiment_id": "0", "name": "Default"}]},
    "/experiments/get": {"experiment": {"artifact_location": "mlflow-artifacts:/0"}},
}
# https://datatracker.ietf.org/doc/html/rfc8446#section-5.1: the type of a handshake record
HANDSHAKE = b"\x16"


class Api:
    """Answers on one port, for whichever machine of the host is live."""

    def __init__(self, host: Host, listener: socket.socket) -> None:
        self._host, self._listener = host, listener
        self._tasks: set[asyncio.Task[None]] = set()
        self.port: int = listener.getsockname()[1]
        listener.settimeout(0)

    async def serve(self) -> None:
        """Take connections until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            connection, _ = await loop.sock_accept(self._listener)
            task = asyncio.create_task(self._answer(connection))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, connection: socket.socket) -> None:
        """Answer one request as the MLflow server does, once it was started."""
        with connection, suppress(OSError, EOFError):
            home = self._host.live.home if self._host.live else None
            if home is None or not home.serves:
                return
            tls = await _first_byte(connection) == HANDSHAKE
            if tls != shows_certificate(home):
                return
            reader = asyncio.StreamReader()
            transport, protocol = await asyncio.get_running_loop().connect_accepted_socket(
                lambda: asyncio.StreamReaderProtocol(reader),
                connection,
                ssl=_context(home) if tls else None,
            )
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            writer = asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop())
            writer.write(answer(home, head))
            writer.close()
            await writer.wait_closed()


def answer(home: Home, head: str) -> bytes:
    """Return the answer to a request with this head."""
    path = head.split()[1].partition("?")[0].removeprefix(API)
    status, body = "200 OK", json.dumps(ANSWERS.get(path, {})).encode()
    if asks_for_login(home) and f"Authorization: Basic {_login(home)}" not in head:
        status, body = "401 UNAUTHORIZED", b"You are not authenticated."
    start = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n"
    return f"{start}Content-Length: {len(body)}\r\n\r\n".encode() + body


def shows_certificate(home: Home) -> bool:
    """Whether the server was told to speak TLS."""
    return "--ssl-certfile" in home.unit


def asks_for_login(home: Home) -> bool:
    """Whether the server was told to ask for a login."""
    return "basic-auth" in home.unit


def _login(home: Home) -> str:
    password = (home.folder / vault.FOLDER / vault.ADMIN_PASSWORD).read_text()
    return base64.b64encode(f"{serving.ADMIN}:{password}".encode()).decode()


def _context(home: Home) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home.folder / serving.PEM)
    return context


async def _first_byte(connection: socket.socket) -> bytes:
    """Look at the first byte, and leave it there."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await asyncio.wait_for(readable.wait(), 10)
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)
