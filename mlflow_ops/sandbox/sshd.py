"""The host's SSH server: in comes who has the key of a running instance, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING

import asyncssh

from mlflow_ops.sandbox import session
from mlflow_ops.sandbox.files import Files
from mlflow_ops.sandbox.running import ADDRESS

if TYPE_CHECKING:
    from mlflow_ops.sandbox.children import Children
    from mlflow_ops.sandbox.machine import Machine
    from mlflow_ops.sandbox.places import Places

USER = "ubuntu"
LOGIN_DEADLINE = 20
NO_MACHINE = 255


class Gate(asyncssh.SSHServer):
    """Lets one connection in, or not."""

    def __init__(self, machine: Machine, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._machine, self._connections = machine, connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember the connection, so that it can be ended with the machine."""
        self._conn = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncssh's signature
        """Forget the connection."""
        self._connections.discard(self._conn)

    def begin_auth(self, username: str) -> bool:  # noqa: ARG002 - likewise
        """Ask everybody for a key."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Take keys; passwords and all else are refused."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Tell whether this user may come in with this key."""
        return username == USER and any(
            asyncssh.import_public_key(text) == key for text in self._machine.admitted()
        )

    def connection_requested(self, dest_host: str, *_: object) -> bool:
        """Allow tunnels, as sshd does, but to this machine only."""
        return dest_host in {ADDRESS, "localhost"}


class Sshd:
    """The listening server; each command finds `environment` in its own, besides the usual."""

    def __init__(self, places: Places, machine: Machine, children: Children) -> None:
        self._places, self._machine, self._children = places, machine, children
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self.environment: dict[str, str] = {}
        self._loop = asyncio.get_running_loop()

    async def listen(self) -> int:
        """Listen on a free port, with a new host key, and return the port."""
        key = asyncssh.generate_private_key("ssh-ed25519", comment="sandbox")
        self._write(key)
        self._acceptor = await asyncssh.listen(
            ADDRESS,
            0,
            server_factory=partial(Gate, self._machine, self._connections),
            server_host_keys=[key],
            process_factory=self._serve,
            sftp_factory=partial(Files, self._places.home),
            encoding=None,
            login_timeout=LOGIN_DEADLINE,
            agent_forwarding=False,
        )
        return int(self._acceptor.get_port())

    def show(self, host_key: str) -> None:
        """Show this private host key from the next connection on; may be called from a thread."""
        changed = asyncio.run_coroutine_threadsafe(self._change_key(host_key), self._loop)
        changed.result(LOGIN_DEADLINE)

    async def _change_key(self, host_key: str) -> None:
        """Show another key, unless it is shown already or is none."""
        with contextlib.suppress(asyncssh.KeyImportError):
            key = asyncssh.import_private_key(host_key)
            if key != self._shown:
                self._acceptor.update(server_host_keys=[key])
                self._write(key)

    def _write(self, key: asyncssh.SSHKey) -> None:
        self._shown = key
        key.write_private_key(self._places.host_key)
        key.write_public_key(self._places.host_public_key)

    def hang_up(self) -> None:
        """End all connections; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._close_connections)

    def _close_connections(self) -> None:
        for connection in list(self._connections):
            connection.close()

    def close(self) -> None:
        """Stop listening, and end all connections."""
        self._acceptor.close()
        self.hang_up()

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        if not self._machine.is_on:
            process.exit(NO_MACHINE)
            return
        home, terminal = self._places.home, process.term_type
        command = session.command(process.command, terminal, process.term_size[:2])
        found = session.environment(home, terminal) | self.environment
        child = await self._children.start(command, home, found)
        ended = asyncio.create_task(session.run(process, child))
        gone = asyncio.create_task(process.wait_closed())
        try:
            await asyncio.wait({ended, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            gone.cancel()
            self._children.leave(child)
