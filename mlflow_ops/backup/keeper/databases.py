"""SQLite databases: copied while in use, checked, counted, and made into one file each."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import places, plain
from mlflow_ops.backup.keeper.places import Failed

if TYPE_CHECKING:
    from pathlib import Path

WAIT = 30.0  # seconds for whoever writes just now
PIECE = 1 << 20
LOOK = "SELECT COUNT(*) FROM sqlite_master"
# Python 3.10 tells no error code: https://www.sqlite.org/rescode.html#corrupt and #notadb
DAMAGE = ("malformed", "not a database", "unsupported file format")
TABLES = {
    layout.MLFLOW_DB: {"alembic_version", "experiments", "runs"},
    layout.USERS_DB: {"users"},
}
COUNTS = {
    layout.MLFLOW_DB: {
        # Deleted ones too, which can be brought back.
        "experiments": "SELECT COUNT(*) FROM experiments",
        "runs": "SELECT COUNT(*) FROM runs",
        "models": "SELECT COUNT(*) FROM registered_models",
    },
    layout.USERS_DB: {"users": "SELECT COUNT(*) FROM users"},
}


def opened(path: Path, mode: str = "rw") -> closing[sqlite3.Connection]:
    """Open a database that is there; `mode` is SQLite's: ro or rw. Raises Failed for a link."""
    plain.is_file(path)
    places.beside(path)  # which SQLite would follow too, and wait for ever for some
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    return closing(sqlite3.connect(uri, uri=True, timeout=WAIT))


def copy(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, while others use it; raises sqlite3.DatabaseError."""
    target.touch(mode=0o600)
    with opened(source, _gentle(source)) as old, opened(target) as new:
        old.backup(new)
    single(target)


def is_readable(path: Path) -> bool:
    """Whether a file is a database at all; one that is not stays as it is, with its WAL."""
    try:
        with opened(path, _gentle(path)) as database:
            database.execute(LOOK).fetchone()
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            return False
        raise
    return True


def _gentle(path: Path) -> str:
    """Return how to open a database: who may write removes, at its end, the WAL of a damaged one.

    Only an unfinished change in a rollback journal takes somebody who may write.
    """
    return "rw" if path.with_name(f"{path.name}-journal").exists() else "ro"


def single(path: Path) -> None:
    """Make a database one file with nothing beside it, on the disk for good.

    Raises sqlite3.OperationalError when somebody has it open, and DatabaseError for no database.
    """
    with opened(path) as database:
        database.execute("PRAGMA journal_mode=DELETE").fetchone()
        database.execute(LOOK).fetchone()
    places.sync(path, path.parent)


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether an error speaks of the file's content, and not of the disk or of another user."""
    return any(sign in str(error) for sign in DAMAGE)


def fault(path: Path) -> str:
    """Return in words what is wrong with a database of ours; nothing for a good one."""
    try:
        with opened(path) as database:
            said = str(database.execute("PRAGMA integrity_check(1)").fetchone()[0])
            if said != "ok":
                return f"{path.name} is damaged: {said.splitlines()[0]}"
            found = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        return f"{path.name} is damaged: {error}"
    lacking = sorted(TABLES[path.name] - found)
    return f"{path.name} is no database of MLflow's: it has no {lacking[0]}" if lacking else ""


def check(path: Path) -> None:
    """Raise Failed for a database that is damaged, or none of MLflow's."""
    if found := fault(path):
        raise Failed(f"{found}.")


def facts(folder: Path) -> dict[str, Any]:
    """Return what a folder's databases hold: `counts`, and the `revision` of their schema."""
    counts = dict.fromkeys(("experiments", "runs", "models", "users"), 0)
    for path in places.databases(folder):
        with opened(path) as database:
            counts |= {name: _count(database, ask) for name, ask in COUNTS[path.name].items()}
    return {"counts": counts, "revision": _revision(folder / layout.MLFLOW_DB)}


def _count(database: sqlite3.Connection, ask: str) -> int:
    try:
        return int(database.execute(ask).fetchone()[0])
    except sqlite3.OperationalError:  # a table that this version of MLflow does not have
        return 0


def _revision(path: Path) -> str:
    if not path.is_file():
        return ""
    with opened(path) as database:
        row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else ""


def sha256(path: Path) -> str:
    """Return a file's SHA-256, hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            found.update(piece)
    return found.hexdigest()
