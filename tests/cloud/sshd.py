"""What a fake host listens with: sshd, and the port of the MLflow API."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import asyncssh

from mlflow_ops.target import Ports

from .api import Api
from .wire import Dropped

if TYPE_CHECKING:
    import threading

    from .host import Host

ADDRESS = "127.0.0.1"
# Where the host answers too, for whoever comes to it by another address than before; not every
# system has it.
OTHER = "127.0.0.2"


class Listeners:
    """The two listeners of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._sshds: list[Any] = []

    def show(self, key: asyncssh.SSHKey) -> None:
        """Let the next connection meet this host key."""
        for each in self._sshds:
            each.update(server_host_keys=[key])

    async def serve(self, stop: asyncio.Event, ready: threading.Event) -> None:
        """Listen until told to stop."""
        with ExitStack() as stack:
            await self._listen(ADDRESS, 0)
            apis = [self._api(stack, ADDRESS, 0)]
            ssh, server = self._sshds[0].get_port(), apis[0].port
            with suppress(OSError):
                await self._listen(OTHER, ssh)
                apis.append(self._api(stack, OTHER, server))
            self._host.ports = Ports(ssh, server, ADDRESS)
            tasks = [asyncio.create_task(each.serve()) for each in apis]
            ready.set()
            await stop.wait()
            for end in (*(each.close for each in self._sshds), *(each.cancel for each in tasks)):
                end()

    async def _listen(self, address: str, port: int) -> None:
        made = await asyncssh.listen(
            address,
            port,
            server_factory=lambda: Gate(self._host),
            server_host_keys=[asyncssh.generate_private_key("ssh-ed25519")],
            process_factory=self._process,
            encoding=None,
            kex_algs=["curve25519-sha256", "curve25519-sha256@libssh.org"],
            compression_algs=None,
        )
        self._sshds.append(made)

    def _api(self, stack: ExitStack, address: str, port: int) -> Api:
        listener = stack.enter_context(socket.create_server((address, port)))
        return Api(self._host, listener)

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
