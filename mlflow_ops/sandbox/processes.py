"""Finding and ending the processes of a sandbox, and never anybody else's."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

import psutil

from mlflow_ops.errors import TimedOut
from mlflow_ops.sandbox.launch import MODULE
from mlflow_ops.wait import CLOCK, Clock, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KILL_DEADLINE = 15.0
PAUSES = {"pause": 0.02, "longest": 0.1}


def of_folder(folder: Path) -> list[psutil.Process]:
    """Return the sandbox processes that were started for this folder."""
    command = ["-m", MODULE, str(folder)]
    return _living(lambda process: process.cmdline()[1:] == command)


def of_home(home: Path) -> list[psutil.Process]:
    """Return the processes that were started on the host with this home, by this process or not.

    They have it as their HOME; where that cannot be read, their working folder is inside it and
    they have no terminal, as a user's shell would.
    """
    return _living(lambda process: _has_home(process, home) or _works_in(process, home))


def of_host(home: Path) -> list[psutil.Process]:
    """Return what descends from this process, and what belongs to the host's home."""
    descendants = psutil.Process().children(recursive=True)
    return list({*filter(is_alive, descendants), *of_home(home)})


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process runs; one that ended but was not waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def end(find: Callable[[], list[psutil.Process]], *, grace: float, clock: Clock = CLOCK) -> None:
    """Ask the processes that `find` returns to end, and kill those that are left after `grace` s.

    Each is known by its start time too, so that a reused number is never hit. Raises TimedOut
    when some cannot even be killed.
    """
    seen = set(find())
    for process in seen:
        _quietly(process.terminate)

    def left() -> list[psutil.Process]:
        # One that is just ending shows no command line any more, so that `find` misses it.
        seen.update(find())
        return [process for process in seen if is_alive(process)]

    try:
        until("a quiet end", lambda: not left(), deadline=grace, **PAUSES, clock=clock)
    except TimedOut:
        what = "the sandbox's processes to be gone"
        until(what, lambda: _kill(left()), deadline=KILL_DEADLINE, **PAUSES, clock=clock)


def _kill(found: list[psutil.Process]) -> bool:
    for process in found:
        _quietly(process.kill)
    return not found


def _quietly(action: Callable[[], None]) -> None:
    with contextlib.suppress(psutil.Error):
        action()


def _living(is_meant: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """Return this user's processes, except this one, of which `is_meant` is true."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            own = process.uids().real == os.getuid() and process.pid != os.getpid()
            if own and is_meant(process) and is_alive(process):
                found.append(process)
    return found


def _has_home(process: psutil.Process, home: Path) -> bool:
    try:
        return process.environ().get("HOME") == str(home)
    except (psutil.Error, OSError):
        return False


def _works_in(process: psutil.Process, home: Path) -> bool:
    inside = f"{process.cwd()}/".startswith(f"{home}/")
    return inside and process.terminal() is None
