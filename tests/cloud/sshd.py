"""What a fake host listens with: sshd, and the port of the MLflow API."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncssh

from mlflow_ops.target import Ports

from .api import Api
from .wire import Dropped

if TYPE_CHECKING:
    import threading

    from .host import Host

ADDRESS = "127.0.0.1"


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
        with socket.create_server((ADDRESS, 0)) as listener:
            ssh, server = self._sshd.get_port(), listener.getsockname()[1]
            self._host.ports = Ports(ssh, server, ADDRESS)
            api = asyncio.create_task(Api(self._host, listener).serve())
            ready.set()
            await stop.wait()
            self._sshd.close()
            api.cancel()

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


class Gate(asyncssh.SSHServer):
    """Lets in who has a key of the live machine."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def connection_requested(self, dest_host: str, *_: object) -> bool:
        """Allow tunnels, as sshd does, but to this machine only."""
        return dest_host == ADDRESS

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
