"""Machines that are lost while runs are logged: the next one has all but the last seconds."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

import pytest

from .backups import Shelf
from .lost import Load, Run
from .operator import UP, Operator, working

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from . import kinds

pytestmark = pytest.mark.timeout(1800)
TIMES, RUNS, CLIENTS, SEED = 10, 500, 4, 20261123
# What was acknowledged longer before the end than this is never lost.
SECONDS = 5.0
HOME = "home/ubuntu"
# Everything that makes this machine the one it was; the software stays.
OWN = (
    f"{HOME}/.*",
    f"{HOME}/mlflow/[!.te]*",
    f"{HOME}/mlflow/tls.pem",
    "etc/systemd/system/*mlflow*",
    "etc/systemd/system/*/mlflow*",
    "etc/ssh/ssh_host_*",
    "etc/ssh/sshd_config.d/*mlflow*",
    "etc/machine-id",
    "var/lib/cloud",
    "var/lib/systemd",
    "var/log",
    "tmp",
)
CHECK = """
import sqlite3
for name in ("mlflow.db", "basic_auth.db"):
    held = sqlite3.connect(f"file:/home/ubuntu/mlflow/data/{name}?mode=ro", uri=True)
    print(held.execute("PRAGMA integrity_check").fetchall())
"""


def lose(operator: Operator) -> float:
    """Cut the machine's power, and the instance with it; return when, on a steady clock."""
    operator.machine.pull_plug()
    at = time.monotonic()
    ec2 = operator.cloud.strict.client("ec2")
    alive = [{"Name": "instance-state-name", "Values": ["running"]}]
    found: Any = ec2.describe_instances(Filters=alive)["Reservations"]
    ec2.terminate_instances(InstanceIds=[found[0]["Instances"][0]["InstanceId"]])
    return at


def comes_back(operator: Operator) -> str:
    """Make the stack on a new machine; return what was said."""
    again = operator(*UP)
    assert again.code == 0, again.err
    assert again.document["state"] == "ready"
    assert operator.machine.run("python3 -", stdin=CHECK).split() == ["[('ok',)]"] * 2
    return again.err


def held_runs(operator: Operator) -> dict[str, Any]:
    """Return the finished runs that the server holds, by id."""
    found: dict[str, Any] = {}
    token = ""
    while True:
        question = {"experiment_ids": ["0"], "max_results": 1000, "page_token": token}
        page = operator.tracking(deadline=60).ask("/runs/search", question)
        found |= {run["info"]["run_id"]: run for run in page.get("runs", [])}
        token = page.get("next_page_token", "")
        if not token:
            return found


def is_whole(run: Run, held: dict[str, Any], shelf: Shelf) -> bool:
    """Whether a run is there with all that was logged of it."""
    if run.id not in held:
        return False
    data, info = held[run.id]["data"], held[run.id]["info"]
    metrics = {metric["key"]: metric["value"] for metric in data.get("metrics", [])}
    params = {param["key"]: param["value"] for param in data.get("params", [])}
    artifact = shelf.artifact(f"0/{run.id}/artifacts/note.txt")
    return (metrics, params, info["status"], artifact) == (
        run.metrics,
        {"number": str(run.number)},
        "FINISHED",
        run.note,
    )


def test_ten_machines_are_lost_and_no_run_that_was_acknowledged_five_seconds_before(
    machine_kind: kinds.Kind, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same moments each time
    kept, gaps = list[Run](), list[float]()
    with working(machine_kind, tmp_path) as operator:
        made = operator(*UP)
        assert made.code == 0, made.err
        operator.machine.make_image(*OWN)
        lose(operator)
        comes_back(operator)
        shelf = Shelf(operator)
        for _ in range(TIMES):
            load = Load(operator.tracking(), CLIENTS, RUNS)
            with load.going_on():
                load.wait_for(chance.randrange(1, RUNS))
                time.sleep(chance.random())
                at = lose(operator)
            said = comes_back(operator)
            held = held_runs(operator)
            lost = [run for run in load.acknowledged if not is_whole(run, held, shelf)]
            gaps += [at - run.at for run in lost]
            assert max(gaps, default=0.0) <= SECONDS
            assert "The newest change in the backup is of" in said
            kept = [run for run in [*kept, *load.acknowledged] if run not in lost]
        assert all(is_whole(run, held, shelf) for run in kept)
        assert len(shelf.databases()) >= 2 * TIMES
        assert shelf.unreadable(tmp_path / "read") == []
        down = operator("down", "--yes", "--json")
        assert (down.code, down.document["left"]) == (0, []), down.err
    record_property("runs_kept", len(kept))
    record_property("longest_loss_seconds", round(max(gaps, default=0.0), 2))
