"""A plain MLflow server on this machine, with its store in a folder of ours: no cloud, no login.

    ~/.mlflow-ops/local/<name>/mlflow.db     the database
                              /artifacts/    the artifacts
                              /server.log    its log; locked for as long as the server lives
                              /server        the process group, port and machine of its last start

Nothing but this machine reaches it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow_ops.errors import NotReady
from mlflow_ops.local import process
from mlflow_ops.local.place import Place
from mlflow_ops.reach.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.settings import Settings


def place(settings: Settings) -> Place:
    """Return where the server of this name keeps all that it has."""
    return Place(settings.local_folder)


@contextmanager
def held(settings: Settings) -> Iterator[Client]:
    """Give the way to the server; raise NotReady when it does not run or gives no answer."""
    running = process.running(place(settings))
    if running is None:
        raise NotReady(absence(settings))
    yield reached(place(settings), running)


def reached(here: Place, running: process.Running) -> Client:
    """Return the way to a server that answers.

    Raises NotReady when it does not; WrongPlace where that is because it was started elsewhere.
    """
    found = Client(running.uri)
    try:
        found.tracking.look()
    except NotReady:
        process.check_here(here, running)
        raise
    return found


def absence(settings: Settings) -> str:
    """Say that there is no server, that it is stopped or not to be found, and the cure."""
    found = place(settings)
    if process.lives(found):
        return process.untold(found)
    if found.exists():
        return f"The server {settings.name!r} on this machine is stopped: `mlflow-ops start`."
    return f"There is no server {settings.name!r} on this machine: `mlflow-ops up` makes one."
