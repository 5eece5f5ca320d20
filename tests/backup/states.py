"""States of a host from which databases are put in place, or back."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from backup import scene

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import places, placing

if TYPE_CHECKING:
    from pathlib import Path

DAMAGED: dict[str, bytes] = {}


def fresh() -> None:
    """Make a server that was killed, with a run in its WAL, and a backup that is staged."""
    shutil.rmtree(places.home(), ignore_errors=True)
    scene.home()
    scene.make(places.data(), "old")
    scene.log_into_wal(places.data() / layout.MLFLOW_DB, "in the WAL")
    staged()


def staged() -> None:
    """Stage a backup."""
    places.staged().mkdir()
    scene.make(places.staged(), "new")
    places.write(places.staged() / "id", "1")


def damaged() -> None:
    """As `fresh`, with a database that SQLite cannot read."""
    fresh()
    spoil()
    DAMAGED.clear()
    DAMAGED.update(bytes_of(places.data()))


def placed() -> None:
    """Put in place what was staged; a server has written to it and was killed."""
    fresh()
    placing.place()
    scene.log_into_wal(places.data() / layout.MLFLOW_DB, "later")


def spoilt() -> None:
    """As `placed`, and what the server has written to is damaged, with a WAL beside it."""
    placed()
    spoil()


def spoil() -> None:
    """Damage the database of the runs, so that SQLite knows it for none."""
    with (places.data() / layout.MLFLOW_DB).open("r+b") as file:
        file.write(b"no database")


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Return what a damaged database's own files hold; its shared memory is made anew."""
    return {p.name: p.read_bytes() for p in folder.iterdir() if not p.name.endswith("-shm")}
