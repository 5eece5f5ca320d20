"""The host's SSH server: in comes who has the key of a running instance, and nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import asyncssh

from mlflow_ops.sandbox import home
from mlflow_ops.sandbox.children import CHUNK, Children, send_signal
from mlflow_ops.sandbox.running import ADDRESS

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from mlflow_ops.sandbox.machine import Machine
    from mlflow_ops.sandbox.places import Places

USER = "ubuntu"
LOGIN_DEADLINE = 20
NO_MACHINE = 255
# `ssh` without a command wants a terminal: Python's own module makes one.
TERMINAL = "import pty, sys; pty.spawn(sys.argv[1:])"
LOST = (OSError, asyncssh.Error)


class Gate(asyncssh.SSHServer):
    """Lets one connection in, or not."""

    def __init__(self, machine: Machine, connections: set[asyncssh.SSHServerConnection]) -> None:
        self._machine, self._connections = machine, connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Remember the connection, so that it can be ended with the machine."""
        self._conn = conn
        self._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._connections.discard(self._conn)

    def begin_auth(self, username: str) -> bool:
        """Ask everybody for a key."""
        return True

    def public_key_auth_supported(self) -> bool:
        """Take keys; passwords and all else are refused."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Tell whether this user may come in with this key."""
        return username == USER and any(
            asyncssh.import_public_key(text) == key for text in self._machine.keys()
        )

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> bool:
        """Allow tunnels, as sshd does, but to this machine only."""
        return dest_host in {ADDRESS, "localhost"}


class Sshd:
    """The listening server."""

    def __init__(self, places: Places, machine: Machine, children: Children) -> None:
        self._places, self._machine, self._children = places, machine, children
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._loop = asyncio.get_running_loop()

    async def listen(self) -> int:
        """Listen on a free port, with a new host key, and return the port."""
        key = asyncssh.generate_private_key("ssh-ed25519", comment="sandbox")
        key.write_private_key(self._places.host_key)
        key.write_public_key(self._places.host_public_key)
        self._acceptor = await asyncssh.listen(
            ADDRESS,
            0,
            server_factory=partial(Gate, self._machine, self._connections),
            server_host_keys=[key],
            process_factory=self._serve,
            encoding=None,
            login_timeout=LOGIN_DEADLINE,
            agent_forwarding=False,
        )
        return int(self._acceptor.get_port())

    def hang_up(self) -> None:
        """End all connections; may be called from any thread."""
        for connection in list(self._connections):
            self._loop.call_soon_threadsafe(connection.close)

    def close(self) -> None:
        """Stop listening, and end all connections."""
        self._acceptor.close()
        self.hang_up()

    async def _serve(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        if not self._machine.is_on:
            process.exit(NO_MACHINE)
            return
        child = await self._children.start(
            _command(process), self._places.home, _environment(process, self._places)
        )
        ended = asyncio.create_task(_run(process, child))
        gone = asyncio.create_task(process.wait_closed())
        try:
            await asyncio.wait({ended, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            gone.cancel()
            self._children.leave(child)


def _command(process: asyncssh.SSHServerProcess[bytes]) -> list[str]:
    shell = shutil.which("bash", path="/usr/local/bin:/usr/bin:/bin") or "/bin/sh"
    if process.command is not None:
        return [shell, "-c", process.command]
    return [sys.executable, "-c", TERMINAL, shell, "-i"] if process.term_type else [shell]


def _environment(process: asyncssh.SSHServerProcess[bytes], places: Places) -> dict[str, str]:
    terminal = {"TERM": process.term_type} if process.term_type else {}
    return {**home.environment(places.home), **terminal}


async def _run(process: asyncssh.SSHServerProcess[bytes], child: Process) -> None:
    """Pass the streams on until the command has ended and nothing of its output is left."""
    feeding = asyncio.create_task(_feed(process, child))
    try:
        out, errors = _pass_on(child.stdout, process.stdout), _pass_on(child.stderr, process.stderr)
        await asyncio.gather(out, errors)
        _exit(process, await child.wait())
    finally:
        feeding.cancel()


async def _feed(process: asyncssh.SSHServerProcess[bytes], child: Process) -> None:
    """Pass on what the client sends: input, signals, and the end of the input."""
    stdin = child.stdin
    assert stdin is not None  # noqa: S101 - it was started with a pipe
    with contextlib.suppress(*LOST):
        while data := await _received(process, child):
            stdin.write(data)
            await stdin.drain()
    stdin.close()


async def _received(process: asyncssh.SSHServerProcess[bytes], child: Process) -> bytes:
    while True:
        try:
            return await process.stdin.read(CHUNK)
        except asyncssh.SignalReceived as received:
            number = getattr(signal, f"SIG{received.signal}", None)
            if number:
                send_signal(child, number)
        except (asyncssh.BreakReceived, asyncssh.TerminalSizeChanged):
            pass


async def _pass_on(source: asyncio.StreamReader | None, sink: asyncssh.SSHWriter[bytes]) -> None:
    while source and (data := await source.read(CHUNK)):
        sink.write(data)
        await sink.drain()


def _exit(process: asyncssh.SSHServerProcess[bytes], status: int) -> None:
    if status >= 0:
        process.exit(status)
    else:
        process.exit_with_signal(signal.Signals(-status).name.removeprefix("SIG"))
