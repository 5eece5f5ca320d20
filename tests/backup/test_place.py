"""Putting databases in place and back, killed at any point."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from backup import killed, scene, states

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import places, placing, state
from mlflow_ops.backup.keeper.places import Failed

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own in it, where fsync costs nothing


def test_a_kill_at_any_point_leaves_one_whole_database_and_both_ways_on() -> None:
    where = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=where) as home:
        paths = {"HOME": home, "PYTHONPATH": str(Path(__file__).parents[1])}
        ended = subprocess.run(
            [sys.executable, killed.__file__ or ""],
            env=os.environ | paths,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert {name: each["wrong"] for name, each in told.items()} == {name: [] for name in told}
    assert all(each["points"] > 20 for each in told.values())


@pytest.mark.usefixtures("home")
def test_a_server_that_still_runs_keeps_its_database() -> None:
    states.staged()
    with closing(sqlite3.connect(places.data() / layout.MLFLOW_DB)) as server:
        server.execute("PRAGMA journal_mode=WAL")
        server.execute("SELECT * FROM runs").fetchall()
        with pytest.raises(Failed, match="Somebody has mlflow.db open: stop the server first"):
            placing.place()
        assert state.look()["replaced"] == []
    assert scene.runs(places.data()) == {"one", "two"}
    placing.place()
    assert scene.runs(places.data()) == {"new"}


@pytest.mark.usefixtures("home")
def test_what_is_staged_and_damaged_meanwhile_replaces_nothing() -> None:
    states.staged()
    scene.damage(places.staged() / layout.MLFLOW_DB)
    with pytest.raises(Failed, match="mlflow.db is damaged"):
        placing.place()
    assert scene.runs(places.data()) == {"one", "two"}


@pytest.mark.usefixtures("home")
def test_nothing_staged_replaces_nothing() -> None:
    with pytest.raises(Failed, match="No backup is staged"):
        placing.place()
    assert placing.put_back() == {"put_back": []}
    assert scene.runs(places.data()) == {"one", "two"}


@pytest.mark.usefixtures("home")
def test_users_stay_where_the_backup_has_none() -> None:
    states.staged()
    (places.staged() / layout.USERS_DB).unlink()
    assert placing.place() == {"placed": ["mlflow.db"]}
    assert state.look()["data"] == ["mlflow.db", "basic_auth.db"]


@pytest.mark.usefixtures("home")
def test_on_a_host_without_databases_putting_back_takes_them_away_again() -> None:
    for path in places.databases(places.data()):
        path.unlink()
    states.staged()
    placing.place()
    assert scene.runs(places.data()) == {"new"}
    placing.put_back()
    assert state.look() == {"data": [], "staged": [], "replaced": []}


@pytest.mark.usefixtures("home")
def test_what_an_older_restore_has_left_is_not_put_back_by_a_newer_one() -> None:
    states.staged()
    placing.place()
    scene.log(places.data() / layout.MLFLOW_DB, "later")
    places.staged().mkdir()
    scene.make(places.staged(), "newest")
    places.write(places.staged() / "id", "2")
    placing.place()
    placing.put_back()
    assert scene.runs(places.data()) == {"new", "later"}
