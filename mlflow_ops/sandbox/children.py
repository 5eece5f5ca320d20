"""Starting the host's commands, and being the parent of what they leave behind."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from asyncio.subprocess import PIPE
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

UBUNTU_UMASK = 0o022
PR_SET_CHILD_SUBREAPER = 36
CHUNK = 65_536


class Children:
    """The processes this one is the parent of: commands it starts, and on Linux their orphans.

    An orphan that ends is forgotten at once, as the first process of a real machine does.
    """

    def __init__(self) -> None:
        self._commands: set[int] = set()
        self._starting = 0
        self._last_words: set[asyncio.Task[None]] = set()

    def adopt_orphans(self) -> None:
        """Become the parent of every process whose own parent ends; only Linux can."""
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
            asyncio.get_running_loop().add_signal_handler(signal.SIGCHLD, self._reap)

    async def start(self, command: list[str], home: Path, environment: dict[str, str]) -> Process:
        """Start a command in a session of its own, with a pipe for each of its three streams."""
        self._starting += 1
        try:
            started = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                cwd=home,
                env=environment,
                start_new_session=True,
                umask=UBUNTU_UMASK,
            )
            self._commands.add(started.pid)
            return started
        finally:
            self._starting -= 1
            self._reap()

    def leave(self, child: Process) -> None:
        """Hang up on a command, which ends it unless it was told to survive that.

        What it still prints is thrown away.
        """
        if child.returncode is None:
            send_signal(child, signal.SIGHUP)
        task = asyncio.create_task(self._see_off(child))
        self._last_words.add(task)
        task.add_done_callback(self._last_words.discard)

    async def _see_off(self, child: Process) -> None:
        streams = [stream for stream in (child.stdout, child.stderr) if stream]
        for stream in streams:
            while await stream.read(CHUNK):
                pass
        await child.wait()
        self._commands.discard(child.pid)
        self._reap()

    def _reap(self) -> None:
        """Forget ended orphans; the ends of commands are asyncio's to notice."""
        if sys.platform != "linux" or self._starting:
            return
        flags = os.WEXITED | os.WNOHANG
        with contextlib.suppress(ChildProcessError):
            while ended := os.waitid(os.P_ALL, 0, flags | os.WNOWAIT):
                if ended.si_pid in self._commands:
                    return
                os.waitid(os.P_PID, ended.si_pid, flags)


def send_signal(child: Process, number: signal.Signals) -> None:
    """Send a signal to a command and all that runs in its process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)
