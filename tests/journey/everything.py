"""Log one of everything with MLflow's own client, or tell all that a server holds.

    python -c "$(cat everything.py)" write|read

`read` prints one JSON document, in which two servers that hold the same do not differ.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import mlflow  # noqa: E402 - it warns when it is loaded
from mlflow import MlflowClient  # noqa: E402 - as above
from mlflow.entities import ViewType  # noqa: E402 - as above
from mlflow.pyfunc.model import PythonModel  # noqa: E402 - as above

BIG = 9_000_000


class Twice(PythonModel):
    """Doubles what it is given."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ANN401 - MLflow's signature
        """Return the doubles."""
        return [2 * each for each in model_input]


def write() -> None:
    """Log runs of every state, artifacts, a model with two versions, and a trace."""
    client = MlflowClient()
    mlflow.set_experiment("wine \u00fc")
    with mlflow.start_run(run_name="parent", tags={"kind": "first"}) as parent:
        mlflow.log_params({"alpha": 0.5, "text": "\u00e9" * 100})
        for step in range(20):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_text("hello", "notes/a name.txt")
        mlflow.log_text("", "empty.txt")
        mlflow.log_text("x" * BIG, "big.txt")
        with mlflow.start_run(nested=True):
            mlflow.log_metric("score", 0.25)
    deleted = client.create_run(parent.info.experiment_id)
    client.log_text(deleted.info.run_id, "still there", "deleted.txt")
    client.set_terminated(deleted.info.run_id, "FAILED")
    client.delete_run(deleted.info.run_id)
    client.delete_experiment(client.create_experiment("given up"))
    for _ in range(2):
        mlflow.pyfunc.log_model(
            name="model", python_model=Twice(), registered_model_name="Twice", pip_requirements=[]
        )
    client.set_registered_model_alias("Twice", "best", "1")
    client.set_model_version_tag("Twice", "2", "checked", "yes")
    with mlflow.start_span("a trace") as span:
        span.set_inputs({"question": 1})


def read() -> dict[str, Any]:
    """Return all that the server holds."""
    client = MlflowClient()
    experiments = client.search_experiments(ViewType.ALL)
    ids = [each.experiment_id for each in experiments]
    runs = client.search_runs(ids, run_view_type=ViewType.ALL)
    models = client.search_registered_models()
    versions = client.search_model_versions()
    return {
        "experiments": by("experiment_id", map(dict, experiments)),
        "runs": {run.info.run_id: _run(client, run) for run in runs},
        "models": by("name", ({**dict(each), "latest_versions": None} for each in models)),
        "versions": {f"{v.name}/{v.version}": _version(v) for v in versions},
        "traces": [t.info.trace_id for t in client.search_traces(ids, include_spans=False)],
        "predicts": mlflow.pyfunc.load_model("models:/Twice@best").predict([1.5]),
    }


def by(key: str, things: Any) -> dict[str, Any]:  # noqa: ANN401 - an iterable of MLflow's entities
    """Return what the things are, by one of their fields."""
    return {thing[key]: {k: str(v) for k, v in thing.items()} for thing in things}


def _version(version: Any) -> dict[str, str]:  # noqa: ANN401 - MLflow's entity
    return {k: str(v) for k, v in dict(version).items()}


def _run(client: MlflowClient, run: Any) -> dict[str, Any]:  # noqa: ANN401 - MLflow's entity
    run_id = run.info.run_id
    history = {
        key: [(m.step, m.value, m.timestamp) for m in client.get_metric_history(run_id, key)]
        for key in run.data.metrics
    }
    return {
        "info": {k: str(v) for k, v in dict(run.info).items()},
        "data": [run.data.params, run.data.tags, history],
        "artifacts": _artifacts(run.info.artifact_uri),
    }


def _artifacts(uri: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=folder)
        except Exception as error:  # noqa: BLE001 - what a run without artifacts ends with
            return {"none": type(error).__name__}
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        return {
            path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        }


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write()
    else:
        print(json.dumps(read(), default=str))  # noqa: T201 - that is what it is for
