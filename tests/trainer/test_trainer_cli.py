"""`python -m trainer` says what the tutorial says, or one sentence that says why not."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from click.testing import CliRunner
from mlflow import MlflowClient

from trainer.__main__ import main

if TYPE_CHECKING:
    from pathlib import Path

Cli: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]

TUTORIAL = """\
Elasticnet model (alpha=0.500000, l1_ratio=0.500000):
  RMSE: 0.7931640229276851
  MAE: 0.627194637431958
  R2: 0.10862644997792614
"""

CHEAP = """
import sys
import trainer, trainer.errors, trainer.model, trainer.__main__
heavy = {"mlflow", "sklearn", "pandas", "numpy", "matplotlib", "requests", "pooch", "boto3"}
print(sorted(heavy & set(sys.modules)))
"""


def test_it_prints_what_the_tutorial_prints(cli: Cli, server: str, red_wines: Path) -> None:
    done = cli("--data", str(red_wines), "--tracking-uri", server)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    expected = TUTORIAL.splitlines()
    assert lines[0] == expected[0]
    for line, right in zip(lines[1:4], expected[1:], strict=True):
        name, _, number = line.partition(": ")
        right_name, _, right_number = right.partition(": ")
        assert name == right_name
        assert float(number) == pytest.approx(float(right_number), abs=1e-9, rel=0)
    assert lines[4].startswith("Model: ElasticnetWineModel version ")
    assert lines[5].startswith(f"Run: {server}/#/experiments/0/runs/")
    assert len(lines) == 6
    assert "INFO" not in done.stderr
    assert "Warning" not in done.stderr


def test_json_is_one_document_and_nothing_else(cli: Cli, server: str) -> None:
    arguments = ("--alpha", "0.1", "--l1-ratio", "0.9", "--seed", "7", "--experiment", "in json")
    done = cli("--json", "--data", "sample", *arguments, MLFLOW_TRACKING_URI=server)
    said = json.loads(done.stdout)
    assert set(said) == {"run_id", "run_url", "experiment_id", "params", "metrics", "model"}
    assert said["params"] == {"alpha": 0.1, "l1_ratio": 0.9, "seed": 7}
    assert set(said["metrics"]) == {"rmse", "mae", "r2"}
    assert said["model"]["name"] == "ElasticnetWineModel"
    run = MlflowClient(server).get_run(said["run_id"])
    assert run.data.metrics == said["metrics"]
    assert run.info.experiment_id == said["experiment_id"]


def test_a_new_database_says_no_more_than_needed(cli: Cli, tmp_path: Path) -> None:
    done = cli("--data", "sample", "--tracking-uri", f"sqlite:///{tmp_path}/mlflow.db")
    assert done.returncode == 0
    assert done.stdout.startswith("Elasticnet model")
    assert done.stdout.splitlines()[4] == "Model: ElasticnetWineModel version 1"
    assert len(done.stderr.splitlines()) <= 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--alpha", "-1"), "alpha must be a number of 0 or more, not -1.0"),
        (("--alpha", "nan"), "alpha must be a number of 0 or more, not nan"),
        (("--alpha", "inf"), "alpha must be a number of 0 or more, not inf"),
        (("--alpha", "strong"), "'strong' is not a valid float"),
        (("--l1-ratio", "1.5"), "l1_ratio must be between 0 and 1, not 1.5"),
        (("--l1-ratio", "nan"), "l1_ratio must be between 0 and 1, not nan"),
        (("--seed", "-1"), "-1 is not in the range"),
        (("--seed", "1.5"), "'1.5' is not a valid integer"),
        (("0.5", "0.5"), "unexpected extra argument"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(arguments: tuple[str, ...], sentence: str) -> None:
    done = CliRunner().invoke(main, ["--tracking-uri", "http://127.0.0.1:1", *arguments])
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stdout == ""


def test_help_shows_an_example_of_each_use() -> None:
    done = CliRunner().invoke(main, ["--help"])
    assert done.exit_code == 0
    assert "python -m trainer --data sample --json" in done.stdout


def test_help_and_usage_errors_load_nothing_heavy() -> None:
    done = subprocess.run([sys.executable, "-c", CHEAP], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_bad_data_is_one_sentence_and_no_run(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "wine.csv").write_text("a,b\n1,2\n")
    store = f"sqlite:///{tmp_path}/mlflow.db"
    done = cli("--data", "wine.csv", "--tracking-uri", store)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        'Error: wine.csv is separated by commas; separate its columns by ";" instead.\n'
    )
    assert not (tmp_path / "mlflow.db").exists()


def test_a_closed_port_is_one_sentence_and_soon(cli: Cli, closed_port: int) -> None:
    done = cli("--data", "sample", "--tracking-uri", f"http://127.0.0.1:{closed_port}", "--json")
    assert (done.returncode, done.stdout) == (1, "")
    assert "No MLflow server can be reached" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_server_that_wants_a_login_says_how(
    cli: Cli, listening: Callable[[type[BaseHTTPRequestHandler]], Any]
) -> None:
    class Locked(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(200 if self.path == "/health" else 401)

        def do_POST(self) -> None:
            self.send_error(401)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's
            del format, args

    with listening(Locked) as port:
        done = cli("--data", "sample", "--tracking-uri", f"http://me:hunter2@127.0.0.1:{port}")
    assert done.returncode == 1
    assert "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD." in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fit_that_did_not_converge_is_told(cli: Cli, tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/mlflow.db"
    done = cli("--alpha", "0", "--data", "sample", "--tracking-uri", store, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["params"]["alpha"] == 0
    assert "Take the numbers with care." in done.stderr
