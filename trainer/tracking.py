"""A run on the MLflow server: begun, filled, and ended whatever happens."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import mlflow

from trainer import client, filling
from trainer.errors import RunError, TrainerError, brief

if TYPE_CHECKING:
    from collections.abc import Iterator

    from trainer.data import WineData
    from trainer.model import Training
    from trainer.results import Result


def record(dataset: WineData, training: Training, tracking_uri: str | None) -> Result:
    """Train on the data set inside a run of its own, and return what came of it."""
    with recording(tracking_uri):
        experiment = client.experiment_id(training.experiment)
        with started(experiment, training.run_name, {"data.source": dataset.source}) as run:
            return filling.register(filling.fill(run, dataset, training))


@contextlib.contextmanager
def recording(tracking_uri: str | None) -> Iterator[None]:
    """Use MLflow's client with this server; whatever it raises becomes a RunError."""
    with client.prepared(tracking_uri):
        try:
            yield
        except TrainerError:
            raise
        except Exception as error:
            raise RunError(f"The run could not be recorded: {_why(error)}.") from error


@contextlib.contextmanager
def started(
    experiment_id: str | None, run_name: str | None, tags: dict[str, str], *, nested: bool = False
) -> Iterator[mlflow.ActiveRun]:
    """Give a run that ends FINISHED, or FAILED when the body raises, or KILLED on an interrupt.

    A `nested` one is a child of the run that is under way.
    """
    run = mlflow.start_run(experiment_id=experiment_id, run_name=run_name, tags=tags, nested=nested)
    with run:
        try:
            yield run
        except Exception as error:
            ended = end("FAILED")
            if isinstance(error, TrainerError):
                raise
            raise RunError(f"Run {run.info.run_id} {ended}: {_why(error)}.") from error
        except BaseException:
            end("KILLED")
            raise


def end(status: str) -> str:
    """End the active run; a server that has gone away must not hide what went wrong first."""
    try:
        mlflow.end_run(status)
    except Exception:  # noqa: BLE001 - whatever it is, there is a first error to tell about
        return f"failed and could not be marked {status}"
    return f"failed and is marked {status}"


def _why(error: Exception) -> str:
    """Say the error briefly, with the one hint MLflow's own words lack."""
    if getattr(error, "error_code", "") == "UNAUTHENTICATED":
        return f"{brief(error)}. Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"
    return brief(error)
