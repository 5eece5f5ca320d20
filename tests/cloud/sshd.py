"""What a fake host listens with: sshd, and the MLflow API where the server was started."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncssh

from mlflow_ops.target import Ports

from .wire import Dropped

if TYPE_CHECKING:
    import threading

    from .host import Host

ADDRESS = "127.0.0.1"
API = "/api/2.0/mlflow"
ANSWERS = {
    "/experiments/search": {"experiments": [{"experiment_id": "0", "name": "Default"}]},
    "/experiments/get": {"experiment": {"artifact_location": "mlflow-artifacts:/0"}},
}


class Listeners:
    """The two listeners of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._sshd: Any = None

    def show(self, key: asyncssh.SSHKey) -> None:
        """Let the next connection meet this host key."""
        self._sshd.update(server_host_keys=[key])

    async def serve(self, stop: asyncio.Event, ready: threading.Event) -> None:
        """Listen until told to stop."""
        self._sshd = await asyncssh.listen(
            ADDRESS,
            0,
            server_factory=lambda: Gate(self._host),
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            process_factory=self._process,
            encoding=None,
            kex_algs=["curve25519-sha256", "curve25519-sha256@libssh.org"],
            compression_algs=None,
        )
        api = await asyncio.start_server(self._api, ADDRESS, 0)
        ssh, server = self._sshd.get_port(), api.sockets[0].getsockname()[1]
        self._host.ports = Ports(ssh, server, ADDRESS)
        ready.set()
        await stop.wait()
        self._sshd.close()
        api.close()

    async def _process(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        _acknowledge(process)
        stdin = await process.stdin.read()
        try:
            code, printed = await asyncio.to_thread(self._host.answer, process.command or "", stdin)
        except Dropped:
            process.get_extra_info("connection").abort()
            return
        with suppress(OSError, asyncssh.Error):
            process.stdout.write(printed)
            process.exit(code)
            _acknowledge(process)

    async def _api(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request as the MLflow server does, once it was started."""
        head = await reader.readuntil(b"\r\n\r\n")
        if self._host.live and self._host.live.home.serves:
            path = head.split()[1].decode().partition("?")[0].removeprefix(API)
            body = json.dumps(ANSWERS.get(path, {})).encode()
            start = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
            writer.write(f"{start}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        writer.close()


class Gate(asyncssh.SSHServer):
    """Lets in who has a key of the live machine."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        if username != "ubuntu" or (machine := self._host.live) is None:
            return False
        known = (*machine.home.admitted, *machine.pushed)
        return any(asyncssh.import_public_key(text) == key for text in known if text.strip())


def _acknowledge(process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Acknowledge the client's farewell at once: it would hold back its next words for 40 ms."""
    if hasattr(socket, "TCP_QUICKACK"):
        line = process.get_extra_info("socket")
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
