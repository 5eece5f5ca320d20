"""A stack's whole life on the sandbox, through the command line, as the README has it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from journey import hands
from journey.conftest import document

if TYPE_CHECKING:
    from conftest import Cli

STEPS = [
    "iam_user",
    "access_key",
    "aws_profile",
    "bucket",
    "key_pair",
    "security_group",
    "instance",
    "host_key",
    "software",
    "certificate",
    "login",
    "database",
    "backup",
    "lifetime",
    "server",
]
FEATURES = (
    "fixed acidity",
    "volatile acidity",
    "citric acid",
    "residual sugar",
    "chlorides",
    "free sulfur dioxide",
    "total sulfur dioxide",
    "density",
    "pH",
    "sulphates",
    "alcohol",
)
PREDICT = """
import mlflow, json, sys
model = mlflow.pyfunc.load_model("models:/ElasticnetWineModel/1")
import pandas
row = pandas.DataFrame([json.loads(sys.argv[1])])
print("PREDICTED", model.predict(row)[0])
"""


def processes_of(folder: Path) -> list[str]:
    """Return the command lines that name the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if str(folder) in line:
            found.append(line)
    return found


def test_a_stacks_whole_life(sandboxed: Cli, tmp_path: Path, wine_csv: str) -> None:
    ops = Path(os.environ["MLFLOW_OPS_HOME"])
    made = sandboxed("up", "--yes", "--json")
    assert made.code == 0, made.err
    first = document(made)
    assert first["state"] == "ready"
    assert [step["step"] for step in first["steps"]] == STEPS
    assert first["tracking_uri"].startswith("https://127.0.0.1:")

    again = sandboxed("up", "--yes", "--json")
    assert again.code == 0
    assert document(again) == first

    words = ("--alpha", "0.6", "--data", wine_csv, "--json")
    trained = sandboxed("train", *words)
    assert trained.code == 0, trained.err
    run = document(trained)
    assert run["params"]["alpha"] == 0.6
    assert run["model"] == {"name": "ElasticnetWineModel", "version": "1"}
    assert run["run_url"].startswith(first["tracking_uri"])

    status = sandboxed("status", "--json")
    assert (status.code, document(status)["state"]) == (0, "ready")
    assert {step["state"] for step in document(status)["steps"]} == {"ready"}
    what_it_would_cost_is_told(sandboxed, document(status))

    checked = sandboxed("check", "--json")
    assert checked.code == 0, checked.err
    assert document(checked)["run_url"].startswith(first["tracking_uri"])

    assert predicts_the_same(sandboxed, run)
    assert secrets_stand_nowhere_else(ops)
    assert all_was_answered(ops)

    down = sandboxed("down", "--yes", "--json")
    assert down.code == 0, down.err
    assert document(down)["left"] == []
    assert len(document(down)["destroyed"]) == 7
    twice = sandboxed("down", "--yes", "--json")
    assert twice.code == 0
    assert document(twice) == {"destroyed": [], "left": [], "kept": [], "failures": []}
    absent = sandboxed("status", "--json")
    assert (absent.code, document(absent)["state"]) == (3, "absent")
    assert not ops.exists()
    assert processes_of(tmp_path) == []


def what_it_would_cost_is_told(sandboxed: Cli, status: dict[str, Any]) -> None:
    cost = sandboxed("cost", "--json")
    assert cost.code == 0, cost.err
    assert "The sandbox costs nothing: this is what the same would cost on AWS." in cost.err
    parts = {part["part"]: part["usd_hour"] for part in document(cost)["parts"]}
    assert (parts["instance"], parts["public address"]) == (0.0104, 0.005)
    assert parts["artifacts"] > 0
    assert status["cost"]["usd_day"] == pytest.approx(0.39, abs=0.01)
    [listed] = document(sandboxed("list", "--json"))["stacks"]
    assert (listed["stack"], listed["state"]) == ("mlflow", "running")


def all_was_answered(ops: Path) -> bool:
    """Whether the sandbox knew what to say to every request, so that nobody had to try again."""
    [log] = ops.rglob("sandbox.log")
    return "ERROR" not in log.read_text(encoding="utf-8")


def predicts_the_same(sandboxed: Cli, run: dict[str, Any]) -> bool:
    """Whether a client that has only the tracking URI can load the model and use it."""
    row = json.dumps(dict.fromkeys(FEATURES, 1.0))
    ran = sandboxed("run", "--", sys.executable, "-W", "ignore", "-c", PREDICT, row)
    assert ran.code == 0, ran.err
    assert run["run_id"]
    return "PREDICTED" in ran.out


def secrets_stand_nowhere_else(ops: Path) -> bool:
    """Whether the access key's secret is only where it has to be: its file, the two AWS files."""
    secret = next(ops.rglob("accessKeys.csv")).read_text().splitlines()[1].split(",")[1]
    holding = {
        str(path.relative_to(ops))
        for path in ops.rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    }
    assert holding == {
        "sandbox/mlflow/stack/123456789012.us-east-1/accessKeys.csv",
        "sandbox/mlflow/aws/credentials",
        "sandbox/mlflow/cloud/host/.aws/credentials",
    }
    return True


def test_run_passes_on_the_exit_code_and_sets_the_uri_for_the_command_alone(
    sandboxed: Cli, tmp_path: Path
) -> None:
    assert sandboxed("up", "--yes").code == 0
    script = "import os, sys; print(os.environ['MLFLOW_TRACKING_URI']); sys.exit(7)"
    own = {"AWS_ACCESS_KEY_ID": "the-users-own"}
    ran = sandboxed("run", "--", sys.executable, "-c", script, **own)
    assert (ran.code, ran.out.startswith("https://127.0.0.1:")) == (7, True)
    shown = sandboxed("run", "--", "sh", "-c", "echo $AWS_ACCESS_KEY_ID $AWS_ENDPOINT_URL", **own)
    assert shown.out.split() == ["the-users-own", os.environ["AWS_ENDPOINT_URL"]]
    missing = sandboxed("run", "--", "no-such-command")
    assert (missing.code, "no-such-command" in missing.err) == (1, True)
    hands.commands_have_our_streams_and_files_go_both_ways(sandboxed, tmp_path)


def test_in_direct_mode_clients_write_to_the_bucket_with_the_stacks_keys(
    sandboxed: Cli,
) -> None:
    made = sandboxed("up", "--yes", "--artifacts", "direct")
    assert made.code == 0, made.err
    trained = sandboxed("train", "--data", "sample", "--alpha", "0.5", "--alpha", "0.1", "--json")
    assert trained.code == 0, trained.err
    checked = sandboxed("check", "--json")
    assert checked.code == 0, checked.err
    the_terminal_shows_what_the_server_holds(sandboxed, document(trained))
    script = (
        "import os; from mlflow import MlflowClient;"
        "print(MlflowClient().get_experiment('0').artifact_location)"
    )
    ran = sandboxed("run", "--", sys.executable, "-W", "ignore", "-c", script)
    assert ran.out.strip().startswith("s3://mlflow-ops-mlflow-")


def the_terminal_shows_what_the_server_holds(sandboxed: Cli, sweep: dict[str, Any]) -> None:
    found = sandboxed("runs", "--sort", "rmse", "--json")
    assert found.code == 0, found.err
    best, second, *others = document(found)["runs"]
    assert best["run_id"] == sweep["best"]["run_id"]
    assert (best["params"]["alpha"], second["params"]["alpha"]) == ("0.1", "0.5")
    assert {best["parent"], second["parent"]} == {sweep["run_id"]}
    assert {run["experiment"] for run in others} == {"Default", "Check Connection"}
    shown = sandboxed("runs", "-n", "1", "--parent", sweep["run_id"], "--sort", "r2")
    heading, row, said = shown.out.splitlines()
    assert (heading.split()[0], row.split()[-1]) == ("start", best["run_id"])
    assert said == ("Sorted by r2, the highest first, which is best; -n 5 shows more of them.")
    [model] = document(sandboxed("models", "--json"))["models"]
    assert (model["name"], model["version"]) == ("ElasticnetWineModel", "1")
    assert (model["run_id"], model["metrics"]) == (best["run_id"], best["metrics"])


def test_a_sandbox_that_died_is_said_and_up_starts_afresh(sandboxed: Cli, tmp_path: Path) -> None:
    assert sandboxed("up", "--yes").code == 0
    ops = Path(os.environ["MLFLOW_OPS_HOME"])
    pid = json.loads((ops / "sandbox/mlflow/cloud/sandbox.json").read_text())["pid"]
    psutil.Process(pid).kill()
    status = sandboxed("status")
    assert status.code == 3
    assert "process is gone" in status.out
    trained = sandboxed("train", "--data", "sample")
    assert (trained.code, "process is gone" in trained.err) == (3, True)
    again = sandboxed("up", "--yes", "--json")
    assert (again.code, document(again)["state"]) == (0, "ready")
    assert sandboxed("down", "--yes").code == 0
    assert processes_of(tmp_path) == []


def test_two_stacks_side_by_side_do_not_touch_each_other(sandboxed: Cli) -> None:
    first = document(sandboxed("up", "--yes", "--json", "--name", "one"))
    second = document(sandboxed("up", "--yes", "--json", "--name", "two"))
    try:
        assert first["tracking_uri"] != second["tracking_uri"]
        assert sandboxed("down", "--yes", "--name", "one").code == 0
        assert sandboxed("status", "--name", "two").code == 0
    finally:
        sandboxed("down", "--yes", "--name", "one")
        sandboxed("down", "--yes", "--name", "two")


def test_the_sandbox_can_be_chosen_by_the_environment(cli: Cli) -> None:
    absent = cli("status", "--json", MLFLOW_OPS_SANDBOX="1")
    assert (absent.code, document(absent)["target"]) == (3, "sandbox")


def test_a_dry_run_shows_all_and_makes_nothing(sandboxed: Cli) -> None:
    shown = sandboxed("up", "--dry-run", "--json")
    assert shown.code == 0, shown.err
    assert [row["step"] for row in document(shown)["plan"]] == STEPS
    assert {row["action"] for row in document(shown)["plan"]} == {"make"}
    put = [each["put"] for each in document(shown)["commands"] if "put" in each]
    # Its host has the software, the backup's too, and no systemd.
    assert "mlflow/litestream.txt" not in put
    assert ("mlflow/serve" in put, "mlflow/unit.new" in put) == (True, False)
    assert not [each for each in document(shown)["commands"] if each["step"] == "software"]
    assert not Path(os.environ["MLFLOW_OPS_HOME"]).exists()


def test_the_users_aws_files_are_neither_read_nor_written(sandboxed: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".aws"
    folder.mkdir()
    (folder / "config").write_text("this is [not an AWS file\n")
    config = str(folder / "config")
    broken = {"AWS_PROFILE": "nowhere", "AWS_REGION": "mars-1", "AWS_CONFIG_FILE": config}
    made = sandboxed("up", "--yes", "--json", **broken)
    assert made.code == 0, made.err
    assert document(made)["region"] == "us-east-1"
    assert sandboxed("status", **broken).code == 0
    assert [path.name for path in folder.iterdir()] == ["config"]
    assert (folder / "config").read_text() == "this is [not an AWS file\n"
