"""The daily backup, and what goes after a month."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from backup import scene
from cloud import backends

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import daily, places
from mlflow_ops.backup.keeper.places import Failed

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_ops.backup.keeper.bucket import Bucket

TODAY = f"daily-{datetime.now(timezone.utc):%Y%m%d}"
OLD, YOUNG = 32, 30


def put(bucket: Bucket, key: str, days: int, text: str = "") -> None:
    """Put an object there that is this old."""
    bucket.put_text(key, text)
    held = backends.s3().get_object(bucket.name, key)
    held.last_modified -= timedelta(days=days)


def named(bucket: Bucket, name: str, kind: str, days: int) -> None:
    """Put a backup there that is this old."""
    told = {"name": name, "kind": kind, "files": {}, "damaged": False}
    put(bucket, f"{layout.NAMED}/{name}/mlflow.db.gz", days)
    put(bucket, f"{layout.NAMED}/{name}/{layout.MANIFEST}", days, json.dumps(told))


def names(bucket: Bucket, prefix: str) -> set[str]:
    return {each["Key"].split("/")[2] for each in bucket.listed(f"{prefix}/")}


@pytest.mark.usefixtures("home")
def test_each_day_has_one_backup(bucket: Bucket) -> None:
    assert daily.daily(bucket) == {"name": TODAY, "removed": []}
    before = bucket.manifest(TODAY)
    scene.log(places.data() / layout.MLFLOW_DB, "three")
    daily.daily(bucket)
    assert bucket.manifest(TODAY) == before


@pytest.mark.usefixtures("home")
def test_each_day_sqlite_counts_anew_what_the_server_sorts(bucket: Bucket) -> None:
    daily.daily(bucket)
    with closing(sqlite3.connect(places.data() / layout.MLFLOW_DB)) as database:
        counted = dict(database.execute("SELECT tbl, stat FROM sqlite_stat1"))
    assert counted["runs"] == "2 1"


@pytest.mark.usefixtures("home")
def test_what_comes_by_itself_goes_after_a_month_and_what_was_asked_for_stays(
    bucket: Bucket,
) -> None:
    kinds = ("daily", "stop", "before-restore", "before-upgrade", "import", "manual", "kept")
    for kind in kinds:
        named(bucket, f"old-{kind}", kind, OLD)
        named(bucket, f"young-{kind}", kind, YOUNG)
    put(bucket, f"{layout.NAMED}/unreadable/{layout.MANIFEST}", OLD, "{")
    put(bucket, f"{layout.NAMED}/killed/mlflow.db.gz", 2)
    put(bucket, f"{layout.NAMED}/at-work/mlflow.db.gz", 0)
    daily.daily(bucket)
    kept = {"old-manual", "old-kept", "unreadable", "at-work", TODAY}
    assert names(bucket, layout.NAMED) == kept | {f"young-{kind}" for kind in kinds}


def test_old_streams_go_and_never_the_present_one(bucket: Bucket, home: Path) -> None:
    ages = {"20260101T000000Z": OLD, "20260201T000000Z": YOUNG, "20260301T000000Z": OLD}
    for stamp, days in ages.items():
        put(bucket, f"{layout.STREAM}/{stamp}/mlflow.db/0000/1.ltx", OLD)
        put(bucket, f"{layout.STREAM}/{stamp}/mlflow.db/0000/2.ltx", days)
    # While nothing tells which one is the present one, none goes.
    assert daily.daily(bucket)["removed"] == []
    (home / "litestream.yml").write_text("# stream 20260301T000000Z\n")
    assert daily.daily(bucket)["removed"] == ["20260101T000000Z"]
    assert names(bucket, layout.STREAM) == {"20260201T000000Z", "20260301T000000Z"}


@pytest.mark.usefixtures("home")
def test_a_day_that_gives_no_good_backup_takes_none_away(bucket: Bucket) -> None:
    named(bucket, "old-daily", "daily", OLD)
    scene.damage(places.data() / layout.MLFLOW_DB)
    with pytest.raises(Failed, match="mlflow.db is damaged"):
        daily.daily(bucket)
    assert names(bucket, layout.NAMED) == {"old-daily"}
