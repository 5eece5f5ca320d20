"""A host's home with databases in it, small ones that have the tables which the keeper looks at."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import places

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = """
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, lifecycle_stage VARCHAR(32));
CREATE TABLE runs (run_uuid VARCHAR(32) PRIMARY KEY, lifecycle_stage VARCHAR(20));
CREATE TABLE registered_models (name VARCHAR(256) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('dc11669786a5');
INSERT INTO experiments VALUES (0, 'active');
"""
USERS = """
CREATE TABLE users (id INTEGER PRIMARY KEY, username VARCHAR(255) UNIQUE,
                    password_hash VARCHAR(255), is_admin BOOLEAN);
INSERT INTO users VALUES (1, 'admin', 'scrypt', 1);
"""


def home() -> Path:
    """Make the server's folders, private as `up` makes them, and return the first of them."""
    for folder in (places.home(), places.data()):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return places.home()


def make(folder: Path, *runs: str, users: bool = True) -> None:
    """Make both databases in a folder, with these runs in one of them."""
    schemas = {layout.MLFLOW_DB: SCHEMA, **({layout.USERS_DB: USERS} if users else {})}
    for name, schema in schemas.items():
        with closing(sqlite3.connect(folder / name)) as database:
            database.executescript(schema)
    log(folder / layout.MLFLOW_DB, *runs)


def log(path: Path, *runs: str) -> None:
    """Log runs, as a server does."""
    with closing(sqlite3.connect(path)) as database, database:
        database.executemany("INSERT INTO runs VALUES (?, 'active')", [(run,) for run in runs])


def runs(folder: Path) -> set[str]:
    """Return the runs in a folder's database, as a server that starts now would see them."""
    with closing(sqlite3.connect(folder / layout.MLFLOW_DB)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return {row[0] for row in database.execute("SELECT run_uuid FROM runs")}


def log_into_wal(path: Path, *runs: str) -> None:
    """Log runs that are in the WAL alone, by a server that is killed."""
    child = os.fork()
    if child == 0:
        database = sqlite3.connect(path)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA wal_autocheckpoint=0")
        with database:
            database.executemany("INSERT INTO runs VALUES (?, 'active')", [(run,) for run in runs])
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0


def damage(path: Path) -> None:
    """Write over a database's first tables, as a broken disk does."""
    with path.open("r+b") as file:
        file.seek(4096 if path.stat().st_size > 4096 else 100)
        file.write(b"\xa5" * 4096)
