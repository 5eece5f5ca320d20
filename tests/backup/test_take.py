"""Taking backups: what counts as one has been read back, and what is damaged is said."""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from backup import scene

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import commands, databases, places, plain, staging, taking
from mlflow_ops.backup.keeper.places import Failed
from mlflow_ops.backup.keeper.taking import Wish

if TYPE_CHECKING:
    from pathlib import Path

    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.backup.keeper.bucket import Bucket

WISH = Wish("manual-1", "manual", "3.17.2")


def keys(bucket: Bucket) -> list[str]:
    return [each["Key"] for each in bucket.listed("")]


@pytest.mark.usefixtures("home")
def test_a_backup_has_what_was_committed_and_no_more_while_others_write(bucket: Bucket) -> None:
    scene.log_into_wal(places.data() / layout.MLFLOW_DB, "in the WAL")
    with closing(sqlite3.connect(places.data() / layout.MLFLOW_DB)) as writer:
        with writer:  # what was deleted can be brought back, and so it counts
            writer.execute("UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = 'one'")
        writer.execute("INSERT INTO runs VALUES ('not committed', 'active')")
        manifest = taking.take(bucket, WISH)
        writer.rollback()
    assert manifest["counts"] == {"experiments": 1, "runs": 3, "models": 0, "users": 1}
    assert manifest["revision"] == "dc11669786a5"
    staging.stage(bucket, named="manual-1")
    assert scene.runs(places.staged()) == {"one", "two", "in the WAL"}


def test_a_backup_leaves_nothing_on_the_host_and_is_nobody_elses_to_read(
    bucket: Bucket, home: Path
) -> None:
    before = {each.name for each in home.iterdir()}
    taking.take(bucket, WISH)
    staging.stage(bucket, named="manual-1")
    assert {each.name for each in home.iterdir()} == before | {"staged"}
    assert places.staged().stat().st_mode & 0o777 == 0o700


@pytest.mark.usefixtures("home")
def test_a_name_is_taken_once(bucket: Bucket) -> None:
    first = taking.take(bucket, WISH)
    scene.log(places.data() / layout.MLFLOW_DB, "three")
    with pytest.raises(Failed, match="There is a backup 'manual-1' already"):
        taking.take(bucket, WISH)
    assert bucket.manifest("manual-1") == first
    with pytest.raises(Failed, match="cannot be a backup's name"):
        taking.take(bucket, replace(WISH, name="../escape"))


@pytest.mark.parametrize("broken", ["mlflow.db.gz", "basic_auth.db.gz", "manifest.json"])
def test_what_is_another_when_it_is_read_back_is_no_backup_and_goes(
    bucket: Bucket, home: Path, cloud: StrictCloud, broken: str
) -> None:
    written = False

    def rot(call: Call, ask: Ask) -> Answer:
        """Give back other bytes than were put, of the same length."""
        nonlocal written
        key = str(call.parameters.get("Key", ""))
        written |= call.operation == "PutObject" and key.endswith(broken)
        found = ask()
        if call.operation != "GetObject" or not (written and key.endswith(broken)):
            return found
        spoilt = bytearray(found.body)
        spoilt[len(spoilt) // 2] ^= 1
        return replace(found, body=bytes(spoilt))

    with cloud.also(rot), pytest.raises(Failed, match=r"damaged|another"):
        taking.take(bucket, WISH)
    assert keys(bucket) == []
    assert not (home / "taking").exists()


def test_a_backup_that_was_killed_is_none_and_its_name_is_free(bucket: Bucket, home: Path) -> None:
    bucket.put_text(WISH.key("mlflow.db.gz"), "half of it")
    (home / "taking").mkdir()
    (home / "taking" / "mlflow.db").write_text("half of it")
    assert bucket.manifest("manual-1") is None
    taking.take(bucket, WISH)
    staging.stage(bucket, named="manual-1")
    assert scene.runs(places.staged()) == {"one", "two"}


@pytest.mark.parametrize("name", layout.DATABASES)
@pytest.mark.usefixtures("home")
def test_a_damaged_database_is_said_and_makes_no_backup(bucket: Bucket, name: str) -> None:
    scene.damage(places.data() / name)
    with pytest.raises(Failed, match=f"own {name} is damaged: .*No backup was taken"):
        taking.take(bucket, WISH)
    assert keys(bucket) == []


@pytest.mark.usefixtures("home")
def test_what_is_no_database_is_kept_byte_by_byte_before_it_is_replaced(bucket: Bucket) -> None:
    database = places.data() / layout.MLFLOW_DB
    scene.log_into_wal(database, "in the WAL")
    wal = database.with_name(f"{database.name}-wal").read_bytes()
    with database.open("r+b") as file:
        file.write(b"no database")
    manifest = taking.take(bucket, Wish("before-restore-1", "before-restore"))
    assert manifest["damaged"]
    held = bucket.s3.get_object(
        Bucket=bucket.name, Key="backups/named/before-restore-1/mlflow.db-wal.gz"
    )
    assert gzip.decompress(held["Body"].read()) == wal
    with pytest.raises(Failed, match="damaged already"):
        staging.stage(bucket, named="before-restore-1")


@pytest.mark.parametrize("ends", ["", "-wal", "-journal"])
@pytest.mark.parametrize("kind", ["manual", "before-restore"])
def test_no_link_is_followed_that_a_server_has_planted_in_its_folder(
    bucket: Bucket, home: Path, ends: str, kind: str
) -> None:
    key = home / "ca.key"
    key.write_text("secret")
    planted = places.data() / f"{layout.MLFLOW_DB}{ends}"
    planted.unlink(missing_ok=True)
    planted.symlink_to(key)
    with pytest.raises(Failed, match=f"server's {planted.name} is a link"):
        taking.take(bucket, Wish("planted", kind))
    with pytest.raises(Failed, match=f"server's {planted.name} is a link"):
        databases.copy(places.data() / layout.MLFLOW_DB, home / "copy")
    assert (keys(bucket), key.read_text()) == ([], "secret")


def test_no_link_is_copied_that_came_after_the_look_and_no_pipe_is_waited_for(home: Path) -> None:
    link, pipe = home / "data" / "mlflow.db-wal", home / "data" / "mlflow.db-journal"
    link.symlink_to("/etc/hostname")
    os.mkfifo(pipe)
    for path in (link, pipe):
        with pytest.raises(Failed, match="is a link or a folder and no file"):
            plain.copy_file(path, home / "copy")
    assert not (home / "copy").exists()


@pytest.mark.usefixtures("bucket", "home")
def test_a_full_disk_is_said_before_anything_is_written() -> None:
    with pytest.raises(Failed, match="The host's disk is too full for a copy: that takes"):
        places.check_room(1 << 60, "for a copy")
    full = OSError(28, "No space left on device")
    assert commands.sentence(full).startswith("The host's disk is full")


def test_nothing_to_back_up_is_said(bucket: Bucket) -> None:
    scene.home()
    with pytest.raises(Failed, match="no database yet"):
        taking.take(bucket, WISH)


def test_a_refusal_by_s3_leaves_nothing_and_is_one_sentence(bucket: Bucket, home: Path) -> None:
    told: dict[str, Any] = {"bucket": "mlflow-ops-not-there", "region": "us-east-1"}
    told |= {"endpoint": bucket.endpoint, "name": "manual-1", "kind": "manual"}
    code, answer = commands.answered("take", json.dumps(told))
    assert code == 1
    assert "NoSuchBucket" in answer["error"]
    assert "\n" not in answer["error"]
    assert not (home / "taking").exists()
