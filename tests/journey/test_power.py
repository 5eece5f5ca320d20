"""A sandbox stack that keeps its address is stopped, started, stops itself, and is gone."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from journey.conftest import document

from mlflow_ops import wait
from mlflow_ops.lifetime import units

if TYPE_CHECKING:
    from conftest import Cli

READ = """
import mlflow, sys
run = mlflow.MlflowClient().get_run(sys.argv[1].rpartition("/")[2])
print("FOUND", {name: run.data.metrics[name] for name in ("foo", "bar")})
"""


def end_its_time() -> None:
    """Let the time of the host be over, and have it look now."""
    home = Path(os.environ["MLFLOW_OPS_HOME"], "sandbox", "mlflow", "cloud", "host")
    settings = home / units.OWN_SETTINGS
    known = json.loads(settings.read_text())
    settings.write_text(json.dumps({**known, "ttl": 1, "until": time.time() - 1}))
    script = psutil.Process(int((home / units.SCRIPT.pid_file).read_text()))
    for pause in (child for child in script.children() if child.name() == "sleep"):
        pause.kill()


def test_a_stack_with_an_elastic_ip_is_stopped_and_started_with_its_runs(sandboxed: Cli) -> None:
    made = sandboxed("up", "--yes", "--elastic-ip", "--ttl", "8h", "--idle-stop", "2h", "--json")
    assert made.code == 0, made.err
    first = document(made)
    assert first["lifetime"]["idle_stop_seconds"] == 7200
    assert "elastic_ip" in [step["step"] for step in first["steps"]]
    checked = sandboxed("check", "--json")
    assert checked.code == 0, checked.err

    stopped = sandboxed("stop")
    assert stopped.code == 0, stopped.err
    assert "its Elastic IP (0.12 USD a day)" in stopped.out
    told = sandboxed("status", "--json")
    assert (told.code, document(told)["state"]) == (3, "stopped")
    assert "is stopped: `mlflow-ops start" in sandboxed("check").err

    started = sandboxed("start", "--json")
    assert started.code == 0, started.err
    assert document(started)["tracking_uri"] == first["tracking_uri"]
    listed = sandboxed("backups", "--json")
    assert "stop-" in listed.out, listed.err
    read = sandboxed("run", "--", sys.executable, "-c", READ, document(checked)["run_url"])
    assert "FOUND {'foo': 1.0, 'bar': 2.0}" in read.out, read.err

    longer = sandboxed("extend", "4h")
    assert "in 11 h" in longer.out, longer.err
    end_its_time()
    wait.until("the stop", lambda: "own host" in sandboxed("status").out, deadline=60)
    assert document(sandboxed("status", "--json"))["state"] == "stopped"

    down = sandboxed("down", "--yes", "--json")
    assert down.code == 0, down.err
    assert any(each.startswith("eipalloc-") for each in document(down)["destroyed"])
    assert document(down)["left"] == []
