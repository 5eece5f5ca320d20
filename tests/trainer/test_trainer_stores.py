"""Every kind of store will do, and a training leaves nothing behind but its run."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import mlflow
import pytest
from mlflow import MlflowClient

import trainer
from trainer.errors import RunError

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_is_printed_and_nothing_is_left_set(
    server: str, wines: trainer.data.WineData, capsys: pytest.CaptureFixture[str]
) -> None:
    before = dict(os.environ)
    trainer.run(wines, trainer.Training(), server)
    assert capsys.readouterr().out == ""
    assert dict(os.environ) == before
    assert not mlflow.get_tracking_uri().startswith("http")


def test_a_deleted_experiment_is_said(server: str, wines: trainer.data.WineData) -> None:
    client = MlflowClient(server)
    client.delete_experiment(client.create_experiment("gone"))
    with pytest.raises(RunError, match=r"could not be recorded: .*(deleted|active)"):
        trainer.run(wines, trainer.Training(experiment="gone"), server)


def test_a_database_is_a_store_too(wines: trainer.data.WineData, tmp_path: Path) -> None:
    found = trainer.run(wines, trainer.Training(), f"sqlite:///{tmp_path}/mlflow.db")
    assert (found.run_url, found.model_name, found.model_version) == (
        None,
        "ElasticnetWineModel",
        "1",
    )


@pytest.mark.parametrize("scheme", ["", "file://"])
def test_in_a_file_store_the_model_is_logged_but_not_registered(
    scheme: str, wines: trainer.data.WineData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    store = f"{scheme}{tmp_path}/mlruns"
    found = trainer.run(wines, trainer.Training(), store)
    assert found.as_json()["model"] == {"name": None, "version": None}
    assert found.run_url is None
    client = MlflowClient(store)
    run = client.get_run(found.run_id)
    assert run.info.status == "FINISHED"
    assert run.outputs is not None
    (output,) = run.outputs.model_outputs
    assert client.get_logged_model(output.model_id).status == "READY"


def test_the_data_set_is_left_as_it_was(server: str, wines: trainer.data.WineData) -> None:
    def mark() -> str:
        return hashlib.sha256(wines.frame.to_numpy().tobytes()).hexdigest()

    before = mark()
    trainer.run(wines, trainer.Training(), server)
    assert mark() == before
