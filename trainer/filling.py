"""What one run holds: what went in, how it was judged, the plots, and the model."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.data.pandas_dataset import from_pandas
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature

from trainer import client, evaluation, sample, web
from trainer import model as models
from trainer.results import MODEL_NAME, Result

if TYPE_CHECKING:
    from mlflow.data.pandas_dataset import PandasDataset
    from mlflow.models.model import ModelInfo
    from sklearn.linear_model import ElasticNet

    from trainer.data import WineData
    from trainer.model import Training


# What loading the model takes. Left to itself MLflow finds out by loading it in a new process.
_REQUIREMENTS = ("mlflow", "numpy", "pandas", "scikit-learn", "skops")


@dataclass(frozen=True)
class Filled:
    """A run that holds all it is to hold, and where its model lies, which is not registered yet."""

    result: Result
    model_uri: str


def fill(run: mlflow.ActiveRun, dataset: WineData, training: Training) -> Filled:
    """Log what goes in, train, judge, and log what comes out."""
    mlflow_client, run_id = mlflow.MlflowClient(), run.info.run_id
    params = [Param(name, str(value)) for name, value in training.params.items()]
    mlflow_client.log_batch(run_id, params=params)
    mlflow.log_input(_input(dataset), context="training")
    learn, judge = evaluation.split(dataset.frame, training.seed)
    model = models.fit(learn, training)
    predicted = pd.Series(model.predict(judge.drop(columns=models.TARGET)), index=judge.index)
    metrics = evaluation.metrics(judge[models.TARGET], predicted)
    for name, figure in evaluation.plots(judge[models.TARGET], predicted, model).items():
        mlflow_client.log_figure(run_id, figure, f"plots/{name}")
    logged = _log_model(model, learn.drop(columns=models.TARGET))
    mlflow_client.log_batch(run_id, metrics=_measured(metrics, logged.model_id))
    where = run_id, page(run), run.info.experiment_id
    return Filled(Result(*where, training.params, metrics), logged.model_uri)


def register(filled: Filled) -> Result:
    """Register the model as a new version, where there is a registry, and it is ours.

    On a server with a login the model of this name may belong to another user.
    """
    if not client.keeps_models():
        return filled.result
    try:
        registered = mlflow.register_model(filled.model_uri, MODEL_NAME)
    except MlflowException as error:
        if error.error_code != "PERMISSION_DENIED":
            raise
        return filled.result
    return replace(filled.result, model_name=MODEL_NAME, model_version=str(registered.version))


def page(run: mlflow.ActiveRun) -> str | None:
    """Return the address of the run's page; None where the store is no server."""
    tracking_uri = mlflow.get_tracking_uri()
    if not web.is_web(tracking_uri):
        return None
    base = web.shown(tracking_uri).rstrip("/")
    return f"{base}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"


def _input(dataset: WineData) -> PandasDataset:
    """Describe the data set to MLflow; a made-up one has code as its source."""
    code = CodeDatasetSource({"mlflow.source.name": sample.__name__})
    source = code if dataset.generated else dataset.source
    return from_pandas(dataset.frame, source=source, targets=models.TARGET, name="wine-quality")


def _log_model(model: ElasticNet, features: pd.DataFrame) -> ModelInfo:
    logged: ModelInfo = mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(features, model.predict(features)),
        input_example=features.head(3),
        pip_requirements=[f"{name}=={version(name)}" for name in _REQUIREMENTS],
        serialization_format="skops",
    )
    return logged


def _measured(metrics: dict[str, float], model_id: str) -> list[Metric]:
    """Pair the numbers with the model: logged before it, MLflow would copy them one by one."""
    now = int(time.time() * 1000)
    return [Metric(name, value, now, 0, model_id=model_id) for name, value in metrics.items()]
