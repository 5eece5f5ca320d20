"""One command over SSH: what is run, and how its streams, signals and end are passed on."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import sys
from typing import TYPE_CHECKING

import asyncssh

from mlflow_ops.sandbox import home as homes
from mlflow_ops.sandbox.children import CHUNK, send_signal

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

SHELLS = "/usr/local/bin:/usr/bin:/bin"
# `ssh` may want a terminal: Python's own module makes one, and this its size.
TERMINAL = """\
import os, pty, sys
code = os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:]))
sys.exit(code if code >= 0 else 128 - code)
"""
SIZED = 'stty cols "$1" rows "$2"; shift 2; exec "$@"'
LOST = (OSError, asyncssh.Error)


def command(asked: str | None, terminal: str | None, size: tuple[int, int]) -> list[str]:
    """Return the argument list for what a client asked for; None is a shell to type into.

    A terminal is of the client's `size`, in columns and rows; a later change of it is not seen.
    """
    shell = shutil.which("bash", path=SHELLS) or "/bin/sh"
    words = [shell, "-c", asked] if asked is not None else [shell, *(["-i"] if terminal else [])]
    if terminal is None:
        return words
    sized = ["sh", "-c", SIZED, "sh", *map(str, size)]
    return [sys.executable, "-c", TERMINAL, *sized, *words]


def environment(home: Path, terminal: str | None) -> dict[str, str]:
    """Return all that a command finds in its environment."""
    return {**homes.environment(home), **({"TERM": terminal} if terminal else {})}


async def run(process: asyncssh.SSHServerProcess[bytes], child: Process) -> None:
    """Pass the streams on until the command has ended and nothing of its output is left."""
    feeding = asyncio.create_task(_feed(process, child))
    out, errors = _pass_on(child.stdout, process.stdout), _pass_on(child.stderr, process.stderr)
    try:
        with contextlib.suppress(*LOST):
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
