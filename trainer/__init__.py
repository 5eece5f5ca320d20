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
from trainer.model import Training
from trainer.results import MODEL_NAME, Result

if TYPE_CHECKING:
    from types import ModuleType

    from trainer import data
    from trainer.data import WineData

__all__ = ["MODEL_NAME", "Result", "Training", "data", "errors", "model", "run"]


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
    from trainer import server  # noqa: PLC0415 - brings requests, a tenth of a second

    server.look(tracking_uri or os.environ.get("MLFLOW_TRACKING_URI", ""))
    from trainer import tracking  # noqa: PLC0415 - brings MLflow, seconds: look first, then load

    return tracking.record(dataset, training, tracking_uri)
