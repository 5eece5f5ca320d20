"""The continuous backup on a real host: what it withstands there, and what it may do."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from cloud.wire import Dropped

from machine.backups import LITESTREAM, Shelf
from machine.cloud import REGION
from mlflow_ops import wait
from mlflow_ops.backup import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cloud.wire import Answer, Ask, Call
    from mlflow import MlflowClient

    from machine.operator import Operator

UNIT = "mlflow-backup"
STREAM = "sed -n 's/^# stream //p' /home/ubuntu/mlflow/litestream.yml"
BOTH = "mlflow-server mlflow-backup"


class Bucket:
    """What somebody finds of the runs who has nothing but the bucket."""

    def __init__(self, stack: Operator, folder: Path) -> None:
        self._stack, self._folder, self._tries = stack, folder, 0
        self._bucket = Shelf(stack).bucket

    def has(self, run_id: str) -> bool:
        """Whether the newest that the stream holds has this run, finished, with its metric."""
        self._tries += 1
        file = self._folder / f"restored-{self._tries}.db"
        stream = self._stack.machine.run(STREAM).strip()
        place = f"s3://{self._bucket}/{layout.STREAM}/{stream}/{layout.MLFLOW_DB}"
        where = f"endpoint={self._stack.cloud.endpoint}&force-path-style=true&region={REGION}"
        words = [LITESTREAM, "restore", "-integrity-check", "full", "-o", str(file)]
        kept = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"}
        environment = kept | self._stack.cloud.environment()
        done = subprocess.run([*words, f"{place}?{where}"], env=environment, check=False)
        if done.returncode != 0:
            return False
        asked = (
            "SELECT count(*) FROM runs JOIN metrics USING (run_uuid) "
            "WHERE run_uuid = ? AND status = 'FINISHED'"
        )
        with closing(sqlite3.connect(file)) as held:
            return bool(held.execute(asked, (run_id,)).fetchone()[0])


@pytest.fixture
def bucket(stack: Operator, tmp_path: Path) -> Bucket:
    """Return what is in the bucket."""
    return Bucket(stack, tmp_path)


@pytest.fixture
def cut_off(stack: Operator) -> Iterator[Callable[[], None]]:
    """Return what lets the host reach S3 again, which it cannot until then."""
    strict = stack.cloud.strict

    def refuse(call: Call, ask: Ask) -> Answer:
        if call.service == "s3" and not call.ours:
            raise Dropped
        return ask()

    strict.extra.insert(0, refuse)
    yield lambda: strict.extra.remove(refuse)
    if refuse in strict.extra:
        strict.extra.remove(refuse)


def log_a_run(client: MlflowClient) -> str:
    """Log a run with a metric."""
    run_id: str = client.create_run("0").info.run_id
    client.log_metric(run_id, "loss", 0.5)
    client.set_terminated(run_id)
    return run_id


def is_stale(stack: Operator) -> bool:
    """Whether `status` warns of the backup."""
    return bool(stack("status", "--json").document["backup"]["stale"])


def arrives(bucket: Bucket, run_id: str, deadline: float = 5) -> None:
    """Wait until a run is in the bucket."""
    wait.until("the run in the bucket", lambda: bucket.has(run_id), deadline=deadline, pause=0.2)


def test_it_is_one_unit_of_an_unprivileged_user_that_can_gain_nothing(
    stack: Operator, record_property: Callable[[str, object], None]
) -> None:
    run = stack.machine.run
    pid = stack.main_pid(UNIT)
    status = run(f"cat /proc/{pid}/status")
    assert run(f"ps -o user= -p {pid}").split() == ["ubuntu"]
    assert "NoNewPrivs:\t1" in status
    assert "CapBnd:\t0000000000000000" in status
    for unit in ("mlflow-backup", "mlflow-backup-daily.timer"):
        assert run(f"systemctl is-enabled {unit}; systemctl is-active {unit}").split() == [
            "enabled",
            "active",
        ]
    assert run("stat -c %a /home/ubuntu/mlflow/stream").strip() == "700"
    memory = int(run(f"awk '/VmRSS/ {{print $2}}' /proc/{pid}/status"))
    assert memory < 80 << 10
    record_property("litestream_mib", memory >> 10)


def test_from_inside_it_the_databases_and_its_own_notes_alone_can_be_written(
    stack: Operator,
) -> None:
    tries = (
        "cd; for f in /etc/x .ssh/x .mlflow-ops/x x mlflow/x mlflow/.venv/x mlflow/tools/x "
        "mlflow/data/x mlflow/stream/x; do touch $f && echo $f; done 2>/dev/null; "
        "rm -f mlflow/data/x mlflow/stream/x"
    )
    assert stack.inside(UNIT, tries).split() == ["mlflow/data/x", "mlflow/stream/x"]
    seen = "cd; for f in .mlflow-ops/ca.key .ssh/authorized_keys; do head -c 1 $f; done 2>&-; true"
    assert stack.inside(UNIT, seen) == ""


def test_a_run_is_in_the_bucket_within_five_seconds(
    client: MlflowClient, bucket: Bucket, stack: Operator
) -> None:
    arrives(bucket, log_a_run(client))
    told = stack("status", "--json").document["backup"]
    assert told["behind_seconds"] == 0
    assert not told["stale"]


def test_logging_goes_on_while_s3_cannot_be_reached_and_the_backup_catches_up(
    stack: Operator, client: MlflowClient, bucket: Bucket, cut_off: Callable[[], None]
) -> None:
    runs = [log_a_run(client) for _ in range(10)]
    wait.until("status to warn", lambda: is_stale(stack), deadline=60)
    said = stack("status", "--json")
    assert (said.code, said.document["state"]) == (0, "ready")
    assert "Warning: the backup is stale" in said.err
    runs.append(log_a_run(client))
    cut_off()
    for run_id in (runs[0], runs[-1]):
        arrives(bucket, run_id, deadline=60)
    assert not is_stale(stack)


def test_a_killed_backup_goes_on_with_its_stream(
    stack: Operator, client: MlflowClient, bucket: Bucket
) -> None:
    stream = stack.machine.run(STREAM)
    stack.machine.run(f"kill -9 {stack.main_pid(UNIT)}")
    arrives(bucket, log_a_run(client), deadline=60)
    assert stack.machine.run(STREAM) == stream


def test_what_is_logged_just_before_both_are_stopped_is_in_the_bucket(
    stack: Operator, client: MlflowClient, bucket: Bucket
) -> None:
    run_id = log_a_run(client)
    stack.machine.run(f"systemctl stop {BOTH}", deadline=60)
    try:
        assert bucket.has(run_id)
    finally:
        stack.machine.run(f"systemctl start {BOTH}")
    wait.until("the server", stack.serves, deadline=60)


def test_the_daily_backup_is_taken(stack: Operator) -> None:
    stack.machine.run("systemctl start mlflow-backup-daily", deadline=120)
    shelf = Shelf(stack)
    daily = [place for place in shelf.databases() if f"{layout.NAMED}/daily-" in place]
    assert len(daily) == 2


def test_a_rebooted_machine_backs_up_into_the_same_stream(
    stack: Operator, client: MlflowClient, bucket: Bucket
) -> None:
    stream, run_id = stack.machine.run(STREAM), log_a_run(client)
    stack.machine.reboot()
    wait.until("the server to go down", lambda: not stack.serves(), deadline=60, pause=0.05)
    wait.until("the server to be back", stack.serves, deadline=60)
    assert bucket.has(run_id)
    arrives(bucket, log_a_run(client))
    assert stack.machine.run(STREAM) == stream
