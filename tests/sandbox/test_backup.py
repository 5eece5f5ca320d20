"""The continuous backup on a host without systemd: real Litestream, real commands, over SSH."""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, cast

import psutil
import pytest

from mlflow_ops.backup import layout, litestream, streams, units
from mlflow_ops.host.session import Host
from mlflow_ops.wait import until
from sandbox.cloud import REGION, is_alive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.cloud import Cloud

BUCKET = "backups-of-a-test"
BEGUN = "20261123T214253Z"
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Aws:
    """AWS's clock."""

    def now(self) -> datetime:
        return datetime.now(timezone.utc)


@dataclass(frozen=True)
class Stack:
    """What of a stack `streams` asks for."""

    on: Host
    aws: Aws

    def host(self) -> Host:
        return self.on


@dataclass(frozen=True)
class Backup:
    """A host that backs up, and the bucket that it does it to."""

    cloud: Cloud
    stack: Any

    @property
    def data(self) -> Path:
        """The database that is followed."""
        return self.cloud.home / "mlflow" / "data" / layout.MLFLOW_DB

    @property
    def supervisor(self) -> int:
        """The process of the script."""
        return self.cloud.read_pid(units.SCRIPT.pid_file)

    def commit(self) -> int:
        """Commit another row, and return it."""
        number = next(NUMBERS)
        with closing(sqlite3.connect(self.data)) as database, database:
            database.execute("CREATE TABLE IF NOT EXISTS rows (number)")
            database.execute("INSERT INTO rows VALUES (?)", (number,))
        return number

    def holds(self, number: int, stream: str = BEGUN) -> bool:
        """Whether the stream in the bucket has this row."""
        copy = f"copy-{next(NUMBERS)}.db"
        place = f"s3://{BUCKET}/{layout.STREAM}/{stream}/{layout.MLFLOW_DB}"
        where = f"endpoint={self.cloud.sandbox.endpoint}&force-path-style=true&region={REGION}"
        ended, *_ = self.cloud.run(f"{units.PROGRAM} restore -o {copy} '{place}?{where}'")
        if ended != 0:
            return False
        with closing(sqlite3.connect(self.cloud.home / copy)) as database:
            return (number,) in database.execute("SELECT number FROM rows").fetchall()

    def arrives(self, number: int, stream: str = BEGUN) -> None:
        """Wait until a row is in the bucket."""
        until("the row", lambda: self.holds(number, stream), deadline=60, pause=0.1)


@pytest.fixture(scope="module")
def backup(common: Cloud) -> Iterator[Backup]:
    """Give a host whose backup runs, begun as the step begins it."""
    where: Any = {"LocationConstraint": REGION}
    common.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
    key, secret = common.sandbox.access_key_id, common.sandbox.secret_access_key
    credentials = f"[default]\naws_access_key_id={key}\naws_secret_access_key={secret}\n"
    home, endpoint = str(common.home), common.sandbox.endpoint
    stream = litestream.Stream(BEGUN, BUCKET, REGION, home, endpoint)
    with common.ssh() as client:
        host = Host(client)
        host.run(f"mkdir -p .aws mlflow/data && {litestream.PREPARE}")
        host.put(".aws/credentials", credentials)
        host.put(units.CONFIG, stream.settings())
        host.put(units.SCRIPT.script, units.script())
        host.run(litestream.START)
        yield Backup(common, cast("Any", Stack(host, Aws())))
        host.run(litestream.STOP)


def test_a_commit_arrives_in_the_bucket_also_the_first_ever(backup: Backup) -> None:
    backup.arrives(backup.commit())
    backup.arrives(backup.commit())


def test_litestream_that_was_killed_is_back(backup: Backup) -> None:
    [litestream_pid] = children(backup.supervisor)
    os.kill(litestream_pid, signal.SIGKILL)
    backup.arrives(backup.commit())
    assert children(backup.supervisor) != [litestream_pid]


def test_what_is_committed_just_before_a_pause_is_in_the_bucket_and_nothing_after(
    backup: Backup,
) -> None:
    before, supervisor = backup.commit(), backup.supervisor
    streams.pause(backup.stack)
    assert not is_alive(supervisor)
    assert backup.holds(before)
    meanwhile = backup.commit()
    streams.resume(backup.stack)
    backup.arrives(meanwhile)


def test_a_database_that_was_replaced_gets_a_stream_of_its_own(backup: Backup) -> None:
    old = backup.commit()
    streams.pause(backup.stack)
    for file in backup.data.parent.iterdir():
        file.unlink()
    stamp = streams.begin(backup.stack)
    new = backup.commit()
    backup.arrives(new, stamp)
    assert not backup.holds(old, stamp)
    assert backup.holds(old)
    assert not backup.holds(new)


def test_nothing_of_it_can_be_read_by_other_users_of_the_host(backup: Backup) -> None:
    files = [units.CONFIG, units.SCRIPT.script, litestream.LAST, units.STREAM]
    modes = {name: (backup.cloud.home / name).stat().st_mode & 0o077 for name in files}
    assert modes == dict.fromkeys(files, 0)


def test_stopping_what_does_not_run_is_fine(backup: Backup) -> None:
    backup.stack.host().run(litestream.STOP)
    backup.stack.host().run(litestream.STOP)
    backup.stack.host().run(litestream.START)
    assert is_alive(backup.supervisor)


def children(pid: int) -> list[int]:
    """Return the programs that a script runs now, once there are any."""
    return until(
        "the program",
        lambda: [each.pid for each in psutil.Process(pid).children() if each.name() != "sleep"],
        deadline=60,
        pause=0.05,
    )
