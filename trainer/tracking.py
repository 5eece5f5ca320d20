"""One run on the MLflow server: begun, filled, and ended whatever happens."""

from __future__ import annotations

import contextlib
import time
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
from trainer.errors import RunError, TrainerError, brief
from trainer.results import MODEL_NAME, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.data.pandas_dataset import PandasDataset
    from mlflow.models.model import ModelInfo
    from sklearn.linear_model import ElasticNet

    from trainer.data import WineData
    from trainer.model import Training


# What loading the model takes. Left to itself MLflow finds out by loading it in a new process.
_REQUIREMENTS = ("mlflow", "numpy", "pandas", "scikit-learn", "skops")


def record(dataset: WineData, training: Training, tracking_uri: str | None) -> Result:
    """Train on the data set inside a run of its own, and return what came of it."""
    with client.prepared(tracking_uri):
        try:
            experiment = client.experiment_id(training.experiment)
            with started(experiment, training.run_name, {"data.source": dataset.source}) as run:
                return _fill(run, dataset, training)
        except TrainerError:
            raise
        except Exception as error:
            raise RunError(f"The run could not be recorded: {_why(error)}.") from error


@contextlib.contextmanager
def started(
    experiment_id: str | None, run_name: str | None, tags: dict[str, str]
) -> Iterator[mlflow.ActiveRun]:
    """Give a run that ends FINISHED, or FAILED when the body raises, or KILLED on an interrupt."""
    with mlflow.start_run(experiment_id=experiment_id, run_name=run_name, tags=tags) as run:
        try:
            yield run
        except Exception as error:
            ended = _end("FAILED")
            if isinstance(error, TrainerError):
                raise
            raise RunError(f"Run {run.info.run_id} {ended}: {_why(error)}.") from error
        except BaseException:
            _end("KILLED")
            raise


def _end(status: str) -> str:
    """End the active run; a server that has gone away must not hide what went wrong first."""
    try:
        mlflow.end_run(status)
    except Exception:  # noqa: BLE001 - whatever it is, there is a first error to tell about
        return f"failed and could not be marked {status}"
    return f"failed and is marked {status}"


def _fill(run: mlflow.ActiveRun, dataset: WineData, training: Training) -> Result:
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
    return _result(run, training, metrics, _registered(logged))


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


def _registered(logged: ModelInfo) -> str | None:
    """Register the model as a new version; None where there is no registry, or it is not ours.

    On a server with a login the model of this name may belong to another user.
    """
    if not client.keeps_models():
        return None
    try:
        return str(mlflow.register_model(logged.model_uri, MODEL_NAME).version)
    except MlflowException as error:
        if error.error_code != "PERMISSION_DENIED":
            raise
        return None


def _result(
    run: mlflow.ActiveRun, training: Training, metrics: dict[str, float], registered: str | None
) -> Result:
    return Result(
        run_id=run.info.run_id,
        run_url=_page(mlflow.get_tracking_uri(), run),
        experiment_id=run.info.experiment_id,
        params=training.params,
        metrics=metrics,
        model_name=None if registered is None else MODEL_NAME,
        model_version=registered,
    )


def _page(tracking_uri: str, run: mlflow.ActiveRun) -> str | None:
    if not web.is_web(tracking_uri):
        return None
    base = web.shown(tracking_uri).rstrip("/")
    return f"{base}/#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}"


def _why(error: Exception) -> str:
    """Say the error briefly, with the one hint MLflow's own words lack."""
    if getattr(error, "error_code", "") == "UNAUTHENTICATED":
        return f"{brief(error)}. Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    return brief(error)
