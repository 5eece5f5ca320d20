"""A sandbox stack that keeps its address is stopped, started, and gone without a trace."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from journey.conftest import document

if TYPE_CHECKING:
    from conftest import Cli

READ = """
import mlflow, sys
run = mlflow.MlflowClient().get_run(sys.argv[1].rpartition("/")[2])
print("FOUND", {name: run.data.metrics[name] for name in ("foo", "bar")})
"""


def test_a_stack_with_an_elastic_ip_is_stopped_and_started_with_its_runs(sandboxed: Cli) -> None:
    made = sandboxed("up", "--yes", "--elastic-ip", "--json")
    assert made.code == 0, made.err
    first = document(made)
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

    down = sandboxed("down", "--yes", "--json")
    assert down.code == 0, down.err
    assert any(each.startswith("eipalloc-") for each in document(down)["destroyed"])
    assert document(down)["left"] == []
