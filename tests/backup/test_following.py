"""How far the continuous backup is behind, by a real Litestream, and that asking harms nothing."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from backup import scene

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import following, places, staging

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from mlflow_ops.backup.keeper.bucket import Bucket

# SQLite takes the WAL in, and begins it anew, from 1,000 pages on: https://www.sqlite.org/wal.html
ROWS, BIG = 1500, "x" * 3000
TABLES = """
CREATE TABLE IF NOT EXISTS metrics (run TEXT, key TEXT, value TEXT, PRIMARY KEY (run, key));
CREATE INDEX IF NOT EXISTS by_value ON metrics (value);
"""


def log_much(database: Path) -> None:
    """Commit several times as much as the WAL holds before it is begun anew."""
    with closing(sqlite3.connect(database, timeout=60)) as held:
        held.executescript(f"PRAGMA synchronous=OFF;{TABLES}")
        for number in range(ROWS):
            with held:
                row = (f"{number % 97}-{number}", "loss", f"{number * 7919 % ROWS}{BIG}")
                held.execute("INSERT INTO metrics VALUES (?, ?, ?)", row)


def rows(folder: Path) -> int:
    """Count what is there, once the database is found whole."""
    with closing(sqlite3.connect(folder / layout.MLFLOW_DB)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return int(database.execute("SELECT count(*) FROM metrics").fetchone()[0])


def test_asking_all_along_loses_nothing_of_what_is_written_meanwhile(
    bucket: Bucket, stream: str
) -> None:
    writer = threading.Thread(target=log_much, args=(places.data() / layout.MLFLOW_DB,))
    writer.start()
    while writer.is_alive():
        following.sync(bucket, timeout=0)
        writer.join(0.1)
    assert following.sync(bucket, timeout=60) == {"behind": 0.0, "why": ""}
    staging.stage(bucket, stream=stream)
    assert rows(places.staged()) == ROWS


@pytest.mark.usefixtures("stream")
def test_it_is_behind_until_the_bucket_has_the_last_commit(bucket: Bucket) -> None:
    scene.log(places.data() / layout.MLFLOW_DB, "three")
    assert following.sync(bucket, timeout=60) == {"behind": 0.0, "why": ""}
    bucket.remove([key["Key"] for key in bucket.listed(f"{layout.STREAM}/")])
    told = following.sync(bucket, timeout=0)
    why = "changes of mlflow.db have not reached the bucket"
    assert told == {"behind": None, "why": why}


def test_a_backup_that_stands_still_says_so_and_since_when(
    bucket: Bucket, program: subprocess.Popen[bytes]
) -> None:
    program.kill()
    program.wait()
    scene.log(places.data() / layout.MLFLOW_DB, "unseen")
    told = following.sync(bucket, timeout=1)
    assert 1 < told["behind"] < 60
    assert told["why"] == "changes of mlflow.db are not followed"


@pytest.mark.usefixtures("stream")
def test_a_bucket_that_cannot_be_reached_is_said_so(bucket: Bucket) -> None:
    told = following.sync(replace(bucket, endpoint="http://127.0.0.1:9"), timeout=0)
    assert told == {"behind": None, "why": "changes of mlflow.db do not reach the bucket"}


@pytest.mark.usefixtures("home")
def test_databases_that_nobody_follows_are_not_backed_up(bucket: Bucket) -> None:
    told = following.sync(bucket, timeout=0)
    assert told == {"behind": None, "why": "nothing of mlflow.db is backed up yet"}
