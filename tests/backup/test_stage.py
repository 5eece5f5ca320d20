"""Fetching backups: whatever is wrong with one is found before anything takes its place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from backup import scene, tampering
from backup.tampering import NAME
from cloud import backends

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import admin, following, places, staging, taking
from mlflow_ops.backup.keeper.places import Failed
from mlflow_ops.backup.keeper.taking import Wish

if TYPE_CHECKING:
    from pathlib import Path

    from backup.tampering import Tampering

    from mlflow_ops.backup.keeper.bucket import Bucket


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (tampering.truncated, "damaged"),
        (tampering.emptied, "damaged"),
        (tampering.exchanged, "not what its manifest tells"),
        (tampering.bombed, "not what its manifest tells"),
        (tampering.gone, "mlflow.db is not in the bucket"),
        (tampering.damaged, "mlflow.db is damaged"),
        (tampering.somebody_elses, "no database of MLflow's: it has no alembic_version"),
        (tampering.miscounted, "not hold what its manifest tells"),
        (tampering.huge, "disk is too full"),
        (tampering.escaping, "manifest of the backup 'manual-1' cannot be read"),
        (tampering.renamed, "manifest of the backup 'manual-1' cannot be read"),
        (tampering.deep, "manifest of the backup 'manual-1' cannot be read"),
        (tampering.without_files, "has no mlflow.db"),
    ],
)
def test_a_backup_that_is_not_as_it_was_taken_is_found_out_and_nothing_is_staged(
    bucket: Bucket, home: Path, how: Tampering, said: str
) -> None:
    how(bucket, taking.take(bucket, Wish(NAME, "manual", "3.17.2")))
    before = {path: path.read_bytes() for path in places.data().iterdir()}
    with pytest.raises(Failed, match=said):
        staging.stage(bucket, named=NAME)
    assert not places.staged().exists()
    assert not (home / "fetching").exists()
    assert {path: path.read_bytes() for path in places.data().iterdir()} == before


@pytest.mark.usefixtures("home")
def test_what_is_not_there_is_said(bucket: Bucket) -> None:
    with pytest.raises(Failed, match="There is no backup 'manual-9'"):
        staging.stage(bucket, named="manual-9")
    with pytest.raises(Failed, match="There is no continuous backup '../../named'"):
        staging.stage(bucket, stream="../../named")


@pytest.mark.usefixtures("home")
def later(bucket: Bucket, seconds: int) -> None:
    """Have the newest change of the runs in a later second, by S3's clock, which counts no less."""
    keys = [
        each["Key"] for each in bucket.listed(f"{layout.STREAM}/") if "mlflow.db" in each["Key"]
    ]
    newest = max(keys, key=lambda key: key.rsplit("-", 1)[1])
    backends.s3().get_object(bucket.name, newest).last_modified += timedelta(seconds=seconds)


def test_every_moment_of_a_stream_can_be_had_back(bucket: Bucket, stream: str) -> None:
    then = datetime.now(timezone.utc)
    scene.log(places.data() / layout.MLFLOW_DB, "three")
    assert following.sync(bucket) == {"behind": 0.0, "why": ""}
    later(bucket, seconds=2)
    found = staging.stage(bucket, stream=stream)
    assert found["counts"] == {"experiments": 1, "runs": 3, "models": 0, "users": 1}
    assert found["files"] == ["mlflow.db", "basic_auth.db"]
    staging.stage(bucket, stream=stream, at=then.isoformat())
    assert scene.runs(places.staged()) == {"one", "two"}
    # Since nothing has changed after its end, any moment after that is as its end.
    staging.stage(bucket, stream=stream, at=(then + timedelta(hours=1)).isoformat())
    assert scene.runs(places.staged()) == {"one", "two", "three"}
    with pytest.raises(Failed, match="cannot be had back: timestamp does not exist"):
        staging.stage(bucket, stream=stream, at="2020-01-01T00:00:00Z")
    assert not places.staged().exists()


@pytest.mark.usefixtures("home")
def test_a_damaged_stream_is_found_out(bucket: Bucket, stream: str) -> None:
    for each in list(bucket.listed(f"{layout.STREAM}/{stream}/mlflow.db/")):
        body = b"\0" * each["Size"]
        bucket.s3.put_object(Bucket=bucket.name, Key=each["Key"], Body=body)
    with pytest.raises(Failed, match="The continuous backup of mlflow.db cannot be had back"):
        staging.stage(bucket, stream=stream)
    assert not places.staged().exists()


@pytest.mark.usefixtures("home")
def test_the_admins_password_is_set_in_what_is_staged_alone(bucket: Bucket) -> None:
    def held(folder: Path) -> list[tuple[str, str]]:
        with closing(sqlite3.connect(folder / layout.USERS_DB)) as users:
            return users.execute("SELECT username, password_hash FROM users").fetchall()

    taking.take(bucket, Wish(NAME, "manual"))
    staging.stage(bucket, named=NAME)
    assert admin.admin("a-new-password") == {"set": True}
    assert held(places.data()) == [("admin", "scrypt")]
    [(name, value)] = held(places.staged())
    assert (name, value.split(":")[0]) == ("admin", "scrypt")
    assert "a-new-password" not in value
    places.remove(places.staged())
    assert admin.admin("a-new-password") == {"set": False}
