"""Starting the server of a place: detached, on a free port, and waited for until it answers."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import subprocess
from itertools import chain
from typing import TYPE_CHECKING, TextIO

from mlflow_ops import files
from mlflow_ops.backup.keeper import planning
from mlflow_ops.errors import MlflowOpsError, NotReady, TimedOut
from mlflow_ops.local import command, process, whereabouts
from mlflow_ops.local.command import ADDRESS
from mlflow_ops.reach.tracking import Tracking
from mlflow_ops.wait import CLOCK, Clock, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.local.place import Place

START_DEADLINE = 180.0  # the first start makes the database, which takes a slow machine a minute
PORTS = range(5000, 5100)
LINES_IN_ERROR = 12
LOOKED = 5.0  # who looks whether the server lives holds the log's lock for a moment
LONGEST_LOG = 10_000_000
# It says its own number, which is that of its group, before any of the group's work begins. The
# server is given the listening socket as its stdin, the one thing that MLflow passes on to it.
SHELL = 'umask 077; echo "$$ $0" > server && exec 3<&0 && { "$@" <&3 3<&- & }'


def start(
    place: Place, clock: Clock = CLOCK, words: Callable[[int], list[str]] = command.words
) -> process.Running:
    """Return the server of this place once it answers, started unless it lives already.

    Its port is the one of its first start, or else of its last, or the next from 5000 on that is
    free. Raises
    MlflowOpsError, with the last lines of its log, when it ends instead, TimedOut after 180 s,
    and WrongPlace for one that was started elsewhere and gives no answer here.
    """
    with place.alone():
        planning.refresh(place.database)
        found = process.running(place) or _launched(place, clock, words)
    server = Tracking(found.uri)

    def answers() -> bool:
        if not process.lives(place):
            raise MlflowOpsError(f"The server has ended again. {_last_words(place)}")
        with contextlib.suppress(NotReady):
            server.look()
            return True
        process.check_here(place, found)  # it may answer there, and never here
        return False

    what = f"the server at {found.uri}; its log is {place.log}"
    until(what, answers, deadline=START_DEADLINE, longest=0.5, clock=clock)
    return found


def _launched(place: Place, clock: Clock, words: Callable[[int], list[str]]) -> process.Running:
    files.private_folder(place.artifacts)
    before = process.noted(place)
    with _door(place) as door, files.append_private(place.log) as log:
        _take(place, log.fileno(), clock)
        place.note.unlink(missing_ok=True)  # what it says is nobody's number any more
        if os.fstat(log.fileno()).st_size > LONGEST_LOG:
            os.ftruncate(log.fileno(), 0)
        port = door.getsockname()[1]
        usual = _wished(before)[0] if before else port
        said = f"{port} {whereabouts.here()} {whereabouts.name()} {usual}"
        code = _run(["/bin/sh", "-c", SHELL, said, *words(port)], place, door, log)
    found = process.noted(place)
    if code or found is None:
        raise MlflowOpsError(f"The server did not start. {_last_words(place)}")
    return found


def _run(words: list[str], place: Place, door: socket.socket, log: TextIO) -> int:
    environment = command.environment(os.environ)
    ended: subprocess.CompletedProcess[bytes] = subprocess.run(
        words,
        stdin=door.fileno(),
        stdout=log,
        stderr=log,
        cwd=place.folder,
        env=environment,
        start_new_session=True,
        check=False,
    )
    return ended.returncode


def next_port(place: Place) -> int:
    """Return the port that a start would take; raise MlflowOpsError where none is free."""
    with _door(place) as door:
        port: int = door.getsockname()[1]
    return port


def _door(place: Place) -> socket.socket:
    """Return a socket that listens already, so that nobody else answers there meanwhile."""
    for port in chain(_wished(process.noted(place)), PORTS):
        with contextlib.suppress(OSError):
            return socket.create_server((ADDRESS, port))
    raise MlflowOpsError(
        f"The ports {PORTS[0]} to {PORTS[-1]} of this machine are all taken: end a program that "
        "listens there."
    )


def _wished(before: process.Running | None) -> list[int]:
    """Return the ports at which those who use the server may look for it."""
    ports = (before.usual, before.port) if before else ()
    return [port for port in ports if 0 < port <= process.LAST_PORT]


def _take(place: Place, descriptor: int, clock: Clock) -> None:
    """Take the log's lock; raise MlflowOpsError where a server has it that does not say so."""
    try:
        until("the server's log", lambda: _taken(descriptor), deadline=LOOKED, clock=clock)
    except TimedOut as error:
        raise MlflowOpsError(process.untold(place)) from error


def _taken(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def _last_words(place: Place) -> str:
    lines = [line for line in files.text(place.log).splitlines() if line.strip()]
    said = "".join(f"\n  | {line}" for line in lines[-LINES_IN_ERROR:])
    return f"Its log, {place.log}, ends:{said or ' it is empty'}"
