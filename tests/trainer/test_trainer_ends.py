"""A run never stays RUNNING: it ends FINISHED, FAILED or KILLED, whatever happens."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

import pytest
from doubles.relay import Relay
from mlflow import MlflowClient

import trainer
from trainer import client, tracking
from trainer.errors import RunError

if TYPE_CHECKING:
    from mlflow.entities import Run

Listening: TypeAlias = Callable[[type[BaseHTTPRequestHandler]], AbstractContextManager[int]]


@dataclass
class Gate:
    """A door before the MLflow server that holds the first file sent, and may be shut."""

    url: str = ""
    reached: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    shut: bool = False


@pytest.fixture
def gate(server: str, listening: Listening) -> Iterator[Gate]:
    """Pass everything on to the server, but hold each PUT until the gate is opened."""
    door = Gate()

    class Handler(Relay):
        host = urlsplit(server).netloc

        def taken(self, body: bytes) -> bool:
            del body
            if self.command == "PUT":
                door.reached.set()
                door.opened.wait(timeout=60)
            self.close_connection = door.shut
            return door.shut

    with listening(Handler) as port:
        door.url = f"http://127.0.0.1:{port}"
        try:
            yield door
        finally:
            door.opened.set()


@pytest.fixture
def experiment(request: pytest.FixtureRequest) -> str:
    return str(request.node.name)


def only_run(server: str, experiment: str) -> Run:
    mlflow = MlflowClient(server)
    found = mlflow.get_experiment_by_name(experiment)
    assert found is not None
    (run,) = mlflow.search_runs([found.experiment_id])
    return run


def test_a_run_that_cannot_be_trained_is_marked_failed(
    server: str, experiment: str, wines: trainer.data.WineData
) -> None:
    wines.frame.loc[7, "alcohol"] = math.nan
    with pytest.raises(RunError, match="failed and is marked FAILED: ValueError: Input X contains"):
        trainer.run(wines, trainer.Training(experiment=experiment), server)
    run = only_run(server, experiment)
    assert run.info.status == "FAILED"
    assert run.data.params == {"alpha": "0.5", "l1_ratio": "0.5", "seed": "40"}


def test_a_run_whose_numbers_are_none_is_marked_failed(
    server: str, experiment: str, wines: trainer.data.WineData
) -> None:
    wines.frame["quality"] *= 1e200
    with pytest.raises(RunError, match=r"are not finite numbers: .* Check the data's scale"):
        trainer.run(wines, trainer.Training(experiment=experiment), server)
    assert only_run(server, experiment).info.status == "FAILED"


@pytest.mark.parametrize(
    ("error", "status"),
    [(KeyboardInterrupt, "KILLED"), (SystemExit, "KILLED"), (RunError, "FAILED")],
)
def test_what_ends_a_run_passes_through(
    server: str, experiment: str, error: type[BaseException], status: str
) -> None:
    with client.prepared(server):
        number = client.experiment_id(experiment)
        with pytest.raises(error, match="this"), tracking.started(number, None, {}):
            raise error("this")
    assert only_run(server, experiment).info.status == status


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_command_that_is_told_to_stop_marks_its_run_killed(
    server: str, gate: Gate, experiment: str, command: list[str], name: str
) -> None:
    told = signal.Signals[name]
    if signal.getsignal(told) == signal.SIG_IGN:
        pytest.skip(f"{name} is ignored here, as under nohup")
    arguments = ("--data", "sample", "--tracking-uri", gate.url, "--experiment", experiment)
    process = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert gate.reached.wait(timeout=60)
    assert only_run(server, experiment).info.status == "RUNNING"
    os.kill(process.pid, told)
    out, err = process.communicate(timeout=60)
    assert only_run(server, experiment).info.status == "KILLED"
    assert process.returncode == (1 if name == "SIGINT" else 128 + told)
    assert out == ""
    assert "Traceback" not in err


def test_a_server_that_goes_away_is_an_error_soon(
    gate: Gate, wines: trainer.data.WineData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")

    def shut() -> None:
        gate.reached.wait(timeout=60)
        gate.shut = True
        gate.opened.set()

    watcher = threading.Thread(target=shut)
    watcher.start()
    with pytest.raises(RunError, match="failed and could not be marked FAILED: "):
        trainer.run(wines, trainer.Training(), gate.url)
    watcher.join()
