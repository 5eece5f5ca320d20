"""A training is one complete run on the server, and a model that others can load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.models import get_model_info

import trainer
from trainer import evaluation, model

if TYPE_CHECKING:
    from mlflow.entities import Dataset, LoggedModel, Run

LOAD = """
import json, sys
import mlflow.pyfunc, pandas
rows = pandas.DataFrame(json.load(sys.stdin))
print(json.dumps(list(mlflow.pyfunc.load_model(sys.argv[1]).predict(rows))))
"""


@pytest.fixture(scope="module")
def result(server: str) -> trainer.Result:
    """One run for the tests that only look at it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        asked = trainer.Training(alpha=0.01, experiment="cellar", run_name="first")
        return trainer.run(trainer.data.load("sample"), asked, server)


def dataset_of(run: Run) -> Dataset:
    assert run.inputs is not None
    (seen,) = run.inputs.dataset_inputs
    return seen.dataset


def model_of(client: MlflowClient, run: Run) -> LoggedModel:
    assert run.outputs is not None
    (output,) = run.outputs.model_outputs
    return client.get_logged_model(output.model_id)


def test_the_run_holds_what_the_result_says(server: str, result: trainer.Result) -> None:
    run = MlflowClient(server).get_run(result.run_id)
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "first"
    assert run.info.experiment_id == result.experiment_id
    assert run.data.metrics == result.metrics
    assert set(run.data.metrics) == {"rmse", "mae", "r2"}
    assert run.data.params == {"alpha": "0.01", "l1_ratio": "0.5", "seed": "40"}


def test_the_page_of_the_run_is_named(server: str, result: trainer.Result) -> None:
    assert result.run_url == f"{server}/#/experiments/{result.experiment_id}/runs/{result.run_id}"


def test_the_run_says_what_data_it_saw(server: str, result: trainer.Result) -> None:
    run = MlflowClient(server).get_run(result.run_id)
    assert run.data.tags["data.source"] == "generated"
    seen = dataset_of(run)
    assert seen.name == "wine-quality"
    assert json.loads(seen.profile or "")["num_rows"] == 1599
    assert "trainer.sample" in seen.source


def test_a_path_is_named_as_the_source(server: str, csv: bytes, tmp_path: Path) -> None:
    path = tmp_path / "wine.csv"
    path.write_bytes(csv)
    found = trainer.run(trainer.data.load(str(path)), trainer.Training(), server)
    run = MlflowClient(server).get_run(found.run_id)
    assert run.data.tags["data.source"] == str(path)
    assert json.loads(dataset_of(run).source) == {"uri": str(path)}


def test_three_plots_lie_with_the_run(server: str, result: trainer.Result) -> None:
    plots = MlflowClient(server).list_artifacts(result.run_id, "plots")
    assert sorted(each.path for each in plots) == [
        "plots/coefficients.png",
        "plots/predicted_vs_actual.png",
        "plots/residuals.png",
    ]


def test_the_model_is_registered_and_owns_the_numbers(server: str, result: trainer.Result) -> None:
    assert result.model_name == "ElasticnetWineModel"
    assert result.model_version is not None
    client = MlflowClient(server)
    version = client.get_model_version(result.model_name, result.model_version)
    assert (version.run_id, version.status) == (result.run_id, "READY")
    logged = model_of(client, client.get_run(result.run_id))
    assert {metric.key: metric.value for metric in logged.metrics or ()} == result.metrics
    assert logged.params == {"alpha": "0.01", "l1_ratio": "0.5", "seed": "40"}


def test_the_model_says_what_it_takes(
    server: str, result: trainer.Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    info = get_model_info(f"models:/{result.model_name}/{result.model_version}")
    assert info.signature is not None
    assert info.signature.inputs.input_names() == list(trainer.data.load("sample").frame)[:-1]
    assert {str(each) for each in info.signature.inputs.input_types()} == {"DataType.double"}
    assert info.saved_input_example_info is not None


def test_the_model_loads_elsewhere_and_predicts_the_same(
    server: str, result: trainer.Result, wines: trainer.data.WineData, tmp_path: Path
) -> None:
    learn, judge = evaluation.split(wines.frame, 40)
    rows = judge.drop(columns="quality").head(20)
    expected = model.fit(learn, model.Training(alpha=0.01)).predict(rows)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, f"models:/{result.model_name}/{result.model_version}"],
        env={**os.environ, "MLFLOW_TRACKING_URI": server, "PYTHONPATH": ""},
        input=json.dumps(rows.to_dict("list")),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert json.loads(done.stdout) == pytest.approx(list(expected), abs=1e-9, rel=0)


def test_everything_that_loading_takes_is_required_by_version(
    server: str, result: trainer.Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    uri = f"models:/{result.model_name}/{result.model_version}"
    folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(tmp_path)))
    wanted = dict(line.split("==") for line in (folder / "requirements.txt").read_text().split())
    assert set(wanted) == {"mlflow", "numpy", "pandas", "scikit-learn", "skops"}
    assert wanted["mlflow"] == mlflow.__version__


def test_another_run_is_another_version_in_the_same_experiment(
    server: str, result: trainer.Result, wines: trainer.data.WineData
) -> None:
    again = trainer.run(wines, trainer.Training(experiment="cellar"), f"{server}/")
    assert again.experiment_id == result.experiment_id
    assert int(again.model_version or 0) > int(result.model_version or 0)
    assert again.run_url == f"{server}/#/experiments/{again.experiment_id}/runs/{again.run_id}"


def test_the_environment_names_the_server_and_the_experiment_by_default(
    server: str,
    result: trainer.Result,
    wines: trainer.data.WineData,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "cellar")
    found = trainer.run(wines, trainer.Training())
    assert found.experiment_id == result.experiment_id
    assert found.run_url is not None
    assert found.run_url.startswith(server)


def test_the_same_rows_have_the_same_digest_whoever_trains(
    server: str, result: trainer.Result, wines: trainer.data.WineData
) -> None:
    again = trainer.run(wines, trainer.Training(), server)
    client = MlflowClient(server)
    first, second = (dataset_of(client.get_run(each.run_id)) for each in (result, again))
    assert first.digest == second.digest
