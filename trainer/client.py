"""MLflow's client as this run needs it: pointed at one server, quick to give up, and quiet."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from typing import TYPE_CHECKING

import mlflow
from mlflow.exceptions import MlflowException

if TYPE_CHECKING:
    from collections.abc import Iterator

# A server that goes away during a run: give up within a minute instead of 247 s. And no run URL
# from MLflow itself, which costs a request and repeats what the result says.
_ENVIRONMENT = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@contextlib.contextmanager
def prepared(tracking_uri: str | None) -> Iterator[None]:
    """Point MLflow's client at the server for a while, with its chatter off stdout."""
    with _environment(), _less_said(), contextlib.redirect_stdout(sys.stderr):
        if tracking_uri is None:
            yield
            return
        mlflow.set_tracking_uri(tracking_uri)
        try:
            yield
        finally:
            # None is "look in the environment", which mirrors whatever was set before.
            mlflow.set_tracking_uri(None)  # type: ignore[arg-type]  # declared too narrowly


@contextlib.contextmanager
def _environment() -> Iterator[None]:
    """Set what the user has not set; put everything back, MLFLOW_TRACKING_URI too."""
    before = dict(os.environ)
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        yield
    finally:
        for name in ("MLFLOW_TRACKING_URI", *_ENVIRONMENT):
            if name in before:
                os.environ[name] = before[name]
            else:
                os.environ.pop(name, None)


@contextlib.contextmanager
def _less_said() -> Iterator[None]:
    """Let only warnings through that a user can do something about."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    before = [each.level for each in loggers]
    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        for each in loggers:
            each.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # MLflow 3.17 calls pandas 3 in ways that it deprecates, finds the same kind of data
            # source twice for a plain path, and warns of its own type hints while it is loaded.
            warnings.filterwarnings("ignore", module=r"mlflow(\.|$)")
            yield
    finally:
        for each, level in zip(loggers, before, strict=True):
            each.setLevel(level)


def keeps_models() -> bool:
    """Whether the store has a model registry; plain files have none."""
    scheme, separator, _ = mlflow.get_tracking_uri().partition(":")
    return bool(separator) and scheme != "file"


def experiment_id(name: str | None) -> str | None:
    """Find the experiment, or make it; None leaves it to MLflow and its environment."""
    if name is None:
        return None
    client = mlflow.MlflowClient()
    if found := client.get_experiment_by_name(name):
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        # Somebody else made it between the two calls.
        return experiment_id(name)
