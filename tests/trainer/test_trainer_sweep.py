"""Several trainings are one parent run with a child for each, and the best of them is known."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner
from doubles.relay import Relay
from mlflow import MlflowClient

import trainer
from trainer import client, model, tracking
from trainer.__main__ import main
from trainer.errors import RunError

if TYPE_CHECKING:
    from mlflow.entities import Run

Listening: TypeAlias = Callable[[type[BaseHTTPRequestHandler]], AbstractContextManager[int]]

PARENT = "mlflow.parentRunId"
OURS = [sys.executable, "-m", "trainer"]
THEIRS = [str(Path(sys.executable).with_name("mlflow-ops")), "train"]


@dataclass
class Door:
    """A door before the server; it refuses each run whose alpha is `refused`, or all once shut."""

    url: str = ""
    refused: str = ""
    shut: bool = False


@pytest.fixture
def door(server: str, listening: Listening) -> Iterator[Door]:
    door, server_host = Door(), urlsplit(server).netloc

    class Handler(Relay):
        host = server_host

        def taken(self, body: bytes) -> bool:
            if door.shut:
                self.close_connection = True
            elif door.refused and f'"value": "{door.refused}"'.encode() in body:
                self.say(400, b'{"error_code": "BAD_REQUEST", "message": "not this one"}')
            else:
                return False
            return True

    with listening(Handler) as port:
        door.url = f"http://127.0.0.1:{port}"
        yield door


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


def held(server: str, experiment: str) -> tuple[Run, dict[str, Run]]:
    """Return the experiment's one parent, and its children by alpha and L1 ratio."""
    mlflow = MlflowClient(server)
    found = mlflow.get_experiment_by_name(experiment)
    assert found is not None
    runs = mlflow.search_runs([found.experiment_id])
    [parent] = [run for run in runs if PARENT not in run.data.tags]
    children = [run for run in runs if run is not parent]
    assert {run.data.tags[PARENT] for run in children} <= {parent.info.run_id}
    return parent, {str(run.info.run_name): run for run in children}


def registered(server: str, runs: dict[str, Run]) -> list[str]:
    """Return the ids of those runs whose model is registered."""
    ids = {run.info.run_id for run in runs.values()}
    versions = MlflowClient(server).search_model_versions(f"name='{trainer.MODEL_NAME}'")
    return [str(each.run_id) for each in versions if each.run_id in ids]


def test_each_pair_is_a_child_and_the_best_alone_is_registered(
    server: str, wines: trainer.data.WineData, experiment: str
) -> None:
    heard: list[str] = []
    trainings = trainer.grid([0.5, 0.01], [0.1, 0.9], experiment=experiment, run_name="all")
    found = trainer.sweep(wines, trainings, server, heard.append)
    parent, children = held(server, experiment)
    names = [f"alpha {a}, l1_ratio {b}" for a in (0.5, 0.01) for b in (0.1, 0.9)]
    assert heard == [f"{number} of 4: {name}" for number, name in enumerate(names, 1)]
    assert set(children) == set(names)
    assert (found.run_id, parent.info.run_name) == (parent.info.run_id, "all")
    rmse = {name: run.data.metrics["rmse"] for name, run in children.items()}
    best = children[min(rmse, key=lambda name: rmse[name])]
    assert found.best is not None
    assert found.best.run_id == best.info.run_id
    assert found.best.model_name == trainer.MODEL_NAME
    assert registered(server, children) == [best.info.run_id]
    assert parent.data.tags["best_run_id"] == best.info.run_id
    assert parent.data.metrics == {f"best_{k}": v for k, v in best.data.metrics.items()}
    assert parent.data.params == {f"best_{k}": v for k, v in best.data.params.items()}
    assert {run.info.status for run in (parent, *children.values())} == {"FINISHED"}


def test_a_child_is_all_that_a_run_of_its_own_is(
    server: str, wines: trainer.data.WineData, experiment: str
) -> None:
    alone = trainer.run(wines, trainer.Training(alpha=0.25), server)
    trainings = trainer.grid([0.25, 0.75], [0.5], experiment=experiment)
    child = trainer.sweep(wines, trainings, server).results[0]
    assert (child.params, child.metrics) == (alone.params, alone.metrics)
    mlflow = MlflowClient(server)
    first, second = (mlflow.get_run(each.run_id) for each in (alone, child))
    assert first.inputs
    assert second.inputs
    assert second.inputs.to_dictionary() == first.inputs.to_dictionary()
    plots = [each.path for each in mlflow.list_artifacts(child.run_id, "plots")]
    assert plots == [each.path for each in mlflow.list_artifacts(alone.run_id, "plots")]


@pytest.mark.parametrize("command", [OURS, THEIRS])
def test_a_child_that_fails_stops_no_other_and_is_told(
    server: str, door: Door, experiment: str, command: list[str]
) -> None:
    door.refused = "0.3"
    words = ["--data", "sample", "--tracking-uri", door.url, "--experiment", experiment, "--json"]
    alphas = [word for each in ("0.1", "0.3", "0.5") for word in ("--alpha", each)]
    done = subprocess.run(
        [*command, *words, *alphas], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 1, done.stderr
    said = json.loads(done.stdout)
    assert [each["params"]["alpha"] for each in said["children"]] == [0.1, 0.5]
    [failure] = said["failures"]
    assert failure["params"] == {"alpha": 0.3, "l1_ratio": 0.5, "seed": 40}
    assert "not this one" in failure["error"]
    assert "The training with alpha 0.3, l1_ratio 0.5 failed: Run " in done.stderr
    assert "Traceback" not in done.stderr
    parent, children = held(server, experiment)
    assert {name: run.info.status for name, run in children.items()} == {
        "alpha 0.1, l1_ratio 0.5": "FINISHED",
        "alpha 0.3, l1_ratio 0.5": "FAILED",
        "alpha 0.5, l1_ratio 0.5": "FINISHED",
    }
    assert parent.info.status == "FAILED"
    assert registered(server, children) == [said["best"]["run_id"]]
    assert said["best"]["params"]["alpha"] == 0.1


def test_where_all_fail_there_is_no_best(
    server: str, wines: trainer.data.WineData, experiment: str
) -> None:
    wines.frame["quality"] *= 1e200
    found = trainer.sweep(wines, trainer.grid([1, 2], [0.5], experiment=experiment), server)
    assert (found.best, found.rows, len(found.failures)) == (None, [], 2)
    assert found.as_text() == "All 2 trainings failed."
    parent, children = held(server, experiment)
    assert parent.info.run_name == "sweep of 2"  # as it would be with a best
    assert {run.info.status for run in (parent, *children.values())} == {"FAILED"}


def test_a_server_that_goes_away_ends_it_all(
    door: Door, wines: trainer.data.WineData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    heard: list[str] = []

    def listen(said: str) -> None:
        heard.append(said)
        door.shut = len(heard) == 2

    with pytest.raises(RunError, match="failed and could not be marked FAILED"):
        trainer.sweep(wines, trainer.grid([1, 2, 3, 4], [0.5]), door.url, listen)
    assert len(heard) == 2


def test_an_interrupt_ends_child_and_parent(server: str, experiment: str) -> None:
    with client.prepared(server):
        number = client.experiment_id(experiment)
        with (
            pytest.raises(KeyboardInterrupt),
            tracking.started(number, "parent", {}),
            tracking.started(number, "child", {}, nested=True),
        ):
            raise KeyboardInterrupt
    parent, children = held(server, experiment)
    assert (parent.info.status, children["child"].info.status) == ("KILLED", "KILLED")


def test_the_command_line_shows_a_table_the_best_first(server: str) -> None:
    words = ["--data", "sample", "--tracking-uri", server, "--alpha", "0.9", "--alpha", "1e-05"]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.stderr
    heading, first, second, *rest = done.stdout.splitlines()
    assert heading.split() == ["alpha", "l1_ratio", "rmse", "mae", "r2", "run"]
    assert [line.split()[0] for line in (first, second)] == ["1e-05", "0.9"]
    assert rest[:2] == [
        "The best of 2, by RMSE:",
        "Elasticnet model (alpha=0.000010, l1_ratio=0.500000):",
    ]
    assert rest[-2].startswith("Model: ElasticnetWineModel version ")
    assert rest[-1].startswith(f"Run: {server}/#/experiments/0/runs/")
    assert first.split()[-1] not in rest[-1]


def test_a_pair_is_tried_once_and_each_must_make_sense() -> None:
    pairs = [(each.alpha, each.l1_ratio) for each in model.grid([0.5, 0.5, 1], [0, 0.0])]
    assert pairs == [(0.5, 0), (1, 0)]
    with pytest.raises(ValueError, match="l1_ratio must be between 0 and 1, not 2"):
        model.grid([0.5], [0.1, 2])
