"""Train the wine-quality ElasticNet and record it on an MLflow server: the run that proves it.

>>> import trainer
>>> dataset = trainer.data.load("sample")
>>> result = trainer.run(dataset, trainer.Training(alpha=0.5), tracking_uri="http://…")

Stands alone: all it needs is a tracking URI. Importing it is cheap; pandas, scikit-learn and
MLflow, which take seconds, are loaded by the first call that needs them.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

from trainer import errors, model
from trainer.model import Training, grid
from trainer.results import MODEL_NAME, Result, Sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from trainer import data
    from trainer.data import WineData

__all__ = [
    "MODEL_NAME",
    "Result",
    "Sweep",
    "Training",
    "data",
    "errors",
    "grid",
    "model",
    "run",
    "sweep",
]


def __getattr__(name: str) -> ModuleType:
    """Load `trainer.data` when it is first asked for: it brings pandas."""
    if name == "data":
        return importlib.import_module("trainer.data")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def run(dataset: WineData, training: Training, tracking_uri: str | None = None) -> Result:
    """Train, evaluate and record one run; None means MLflow's own MLFLOW_TRACKING_URI.

    Raises ServerUnreachable when no server answers and RunError when it refuses or the run fails.
    A run that fails is marked FAILED and one that is interrupted KILLED. What MLflow prints goes
    to stderr.
    """
    _look(tracking_uri)
    from trainer import tracking  # noqa: PLC0415 - brings MLflow, seconds: look first, then load

    return tracking.record(dataset, training, tracking_uri)


def sweep(
    dataset: WineData,
    trainings: Sequence[Training],
    tracking_uri: str | None = None,
    listen: Callable[[str], None] = lambda _: None,
) -> Sweep:
    """Record several as children of one parent run, whose names are those of the first.

    Without a name for it, the parent is called "sweep of" so many.

    The model of the best alone is registered. A child that fails does not stop the others; all
    else is as in `run`. `listen` hears a line about each before it begins.
    """
    _look(tracking_uri)
    from trainer import sweeping  # noqa: PLC0415 - brings MLflow, seconds: look first, then load

    return sweeping.record(dataset, trainings, tracking_uri, listen)


def _look(tracking_uri: str | None) -> None:
    from trainer import server  # noqa: PLC0415 - brings requests, a tenth of a second

    server.look(tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", ""))
