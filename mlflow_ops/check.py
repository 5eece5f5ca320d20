"""The tutorial's connection test: what is written through the public URL can be read back."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.holdings.run import USER

EXPERIMENT = "Check Connection"
METRICS = {"foo": 1.0, "bar": 2.0}
ARTIFACT, TEXT = "check.txt", "mlflow-ops was here\n"


@dataclass(frozen=True)
class Checked:
    """A check that went well; times are seconds."""

    run_id: str
    run_url: str
    write_seconds: float
    read_seconds: float


def write_and_read_back(uri: str) -> Checked:
    """Log a run with two metrics and a small artifact to the server, then compare what it holds.

    Raises MlflowOpsError when it differs, and whatever MLflow's client raises.
    """
    from mlflow import MlflowClient  # noqa: PLC0415 - mlflow takes 3 s to load

    client = MlflowClient(tracking_uri=uri)
    start = time.monotonic()
    found = client.get_experiment_by_name(EXPERIMENT)
    experiment = found.experiment_id if found else client.create_experiment(EXPERIMENT)
    run_id = client.create_run(experiment, tags={USER: _whose()}).info.run_id
    for name, value in METRICS.items():
        client.log_metric(run_id, name, value)
    client.log_text(run_id, TEXT, ARTIFACT)
    client.set_terminated(run_id)
    written = time.monotonic()
    run = client.get_run(run_id)
    text = _artifact(uri, run_id)
    if run.data.metrics != METRICS or text != TEXT:
        raise MlflowOpsError(f"The server at {uri} gave back other values than it was given.")
    url = f"{uri}/#/experiments/{experiment}/runs/{run_id}"
    return Checked(run_id, url, written - start, time.monotonic() - written)


def _artifact(uri: str, run_id: str) -> str:
    from mlflow.artifacts import download_artifacts  # noqa: PLC0415 - mlflow takes 3 s to load

    with tempfile.TemporaryDirectory() as folder:
        path = download_artifacts(
            run_id=run_id, artifact_path=ARTIFACT, dst_path=folder, tracking_uri=uri
        )
        return Path(path).read_text(encoding="utf-8")


def _whose() -> str:
    """Return whose run it is, as MLflow says it of those that it begins itself."""
    from mlflow_ops import lease  # noqa: PLC0415 - loads the SDK, which --help needs not

    return os.environ.get("MLFLOW_TRACKING_USERNAME") or lease.user()
