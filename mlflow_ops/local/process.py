"""The server's processes: found, started and ended, with no way to hit anybody else's.

All of them have the log as their output, and with it its lock: it is free only when none of them
lives. Until then no other process group can have their number, where the server was started; in
another container, or on another machine that shares the folder, it may be anybody's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops import files
from mlflow_ops.errors import MlflowOpsError, TimedOut, WrongPlace
from mlflow_ops.local import holders, whereabouts
from mlflow_ops.local.command import ADDRESS
from mlflow_ops.wait import CLOCK, Clock, until

if TYPE_CHECKING:
    from mlflow_ops.local.place import Place

NOTE_DEADLINE = 5.0  # between the start of a process and its first words
GRACE = 10.0
LAST_PORT = 65_535


@dataclass(frozen=True)
class Running:
    """A server that lives; `group` is the number of its process group.

    `place` is the word of `whereabouts.here` where it was started, and `machine` its name. `usual`
    is the port of its first start, 0 where that is not known.
    """

    group: int
    port: int
    place: str = "-"
    machine: str = "-"
    usual: int = 0

    @property
    def uri(self) -> str:
        """Its tracking URI."""
        return f"http://{ADDRESS}:{self.port}"

    def moved_from(self, port: int) -> str:
        """Say why it is at another port than at its last start."""
        if self.port == self.usual:
            return f"Port {self.port} is free again: the server is back there, not at {port}."
        return f"Port {port} is taken: the server is at {self.port} now."


def running(place: Place) -> Running | None:
    """Return the server that lives in this place, whether it answers yet or not, else None."""
    return noted(place) if lives(place) else None


def end(place: Place, clock: Clock = CLOCK) -> bool:
    """End the server, at once after 10 s, and tell whether there was one.

    Wants to be alone in the place, as `Place.alone` makes it: nobody may start one meanwhile.
    Raises WrongPlace, with no signal to anybody, for one that was started elsewhere.
    """
    groups = _groups(place, clock)
    if not groups:
        return False
    _signal(groups, signal.SIGTERM)
    try:
        _until_gone(place, clock)
    except TimedOut:
        _signal(groups, signal.SIGKILL)
        _until_gone(place, clock)
    return True


def check_here(place: Place, found: Running) -> None:
    """Raise WrongPlace for a server whose number may be another process's here."""
    if found.place not in {"-", whereabouts.here()}:
        raise WrongPlace(
            f"The server in {place.folder} was started on {found.machine!r}, another machine or "
            "another container than this one: run the command there."
        )


def untold(place: Place) -> str:
    """Say that nobody knows the port of a server that lives, and the cure."""
    return (
        f"The server in {place.folder} runs, but {place.note.name!r} there does not tell its port: "
        "`mlflow-ops stop` ends it, and `mlflow-ops start` starts it anew."
    )


def _groups(place: Place, clock: Clock) -> set[int]:
    """Return the server's process groups; one whose starter was killed has its note in a moment."""
    what = "the server to say which process it is"
    with contextlib.suppress(TimedOut):
        until(what, lambda: noted(place) or not lives(place), deadline=NOTE_DEADLINE, clock=clock)
    found = noted(place)
    if not lives(place):
        return set()
    if found is not None:
        check_here(place, found)
        return {found.group}
    if groups := holders.groups(place.log):
        return groups
    raise MlflowOpsError(
        f"The server runs, but {place.note} does not tell its processes: find them with "
        f"`fuser {place.log}` or `lsof {place.log}`, end them with `kill`, and run the command "
        "again."
    )


def _until_gone(place: Place, clock: Clock) -> None:
    what = "the server to end"
    until(what, lambda: not lives(place), deadline=GRACE, pause=0.05, longest=0.2, clock=clock)


def _signal(groups: set[int], number: signal.Signals) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, number)


def noted(place: Place) -> Running | None:
    """Return what the last start has written down, whether it lives or not."""
    with contextlib.suppress(ValueError):
        group, port, *more = files.text(place.note).split()
        where, machine, usual, *_ = (*more, *("-", "-", "0")[len(more) :])
        if int(group) > 1 and 0 < int(port) <= LAST_PORT:
            return Running(int(group), int(port), where, machine, int(usual))
    return None


def lives(place: Place) -> bool:
    """Whether any process of the server lives."""
    try:
        descriptor = os.open(place.log, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
