"""Somebody who logs runs and models by MLflow's own client, and looks at all that there is."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow import MlflowClient, artifacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEPT = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_SERVER_CERT_PATH")
Held = dict[str, Any]


@dataclass(frozen=True)
class Teammate:
    """One user of the server, with what their client needs."""

    uri: str
    name: str
    password: str
    ca: Path

    @contextmanager
    def client(self) -> Iterator[MlflowClient]:
        """Give MLflow's client, logged in while the context lasts."""
        mine = {
            "MLFLOW_TRACKING_USERNAME": self.name,
            "MLFLOW_TRACKING_PASSWORD": self.password,
            "MLFLOW_TRACKING_SERVER_CERT_PATH": str(self.ca),
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
            # As its own variable for the client's call of `artifacts`.
            "MLFLOW_TRACKING_URI": self.uri,
        }
        before = {name: os.environ.get(name) for name in mine}
        os.environ.update(mine)
        try:
            yield MlflowClient(self.uri)
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value

    def log(self, experiment: str, *names: str) -> None:
        """Log a run of each name, with metrics, parameters, a tag and an artifact."""
        with self.client() as client:
            found = client.get_experiment_by_name(experiment)
            where = found.experiment_id if found else client.create_experiment(experiment)
            for number, name in enumerate(names):
                run = client.create_run(where, run_name=name).info.run_id
                client.log_param(run, "alpha", str(number / 10))
                for step in range(3):
                    client.log_metric(run, "rmse", 1 / (step + number + 1), step=step)
                client.set_tag(run, "of", name)
                client.log_text(run, f"the text of {name}", "notes/about.txt")
                client.set_terminated(run)

    def register(self, model: str, run: str) -> None:
        """Register a model of one version, that of a run, with an alias and a tag."""
        with self.client() as client:
            client.create_registered_model(model, tags={"by": self.name})
            source = f"{client.get_run(run).info.artifact_uri}/notes"
            made = client.create_model_version(model, source, run_id=run)
            client.set_registered_model_alias(model, "champion", made.version)

    def sees(self) -> Held:
        """Return all that the server holds, run by run and model by model."""
        with self.client() as client:
            experiments = client.search_experiments(view_type=3)
            ids = [each.experiment_id for each in experiments]
            runs = client.search_runs(ids, run_view_type=3, max_results=1000)
            models = client.search_registered_models()
            return {
                "experiments": {
                    e.experiment_id: (e.name, e.artifact_location) for e in experiments
                },
                "runs": {run.info.run_id: self._run(client, run) for run in runs},
                "models": {model.name: self._model(client, model) for model in models},
            }

    def _run(self, client: MlflowClient, run: Any) -> Held:  # noqa: ANN401 - MLflow's own
        identity = run.info.run_id
        files = [each.path for each in client.list_artifacts(identity, "notes")]
        texts = {path: artifacts.load_text(f"runs:/{identity}/{path}") for path in files}
        history = {
            name: [
                (m.step, m.value, m.timestamp) for m in client.get_metric_history(identity, name)
            ]
            for name in run.data.metrics
        }
        told = (run.info.run_name, run.info.status, run.info.end_time, run.info.lifecycle_stage)
        return {
            "about": told,
            "params": dict(run.data.params),
            "tags": dict(run.data.tags),
            "metrics": history,
            "artifacts": texts,
        }

    def _model(self, client: MlflowClient, model: Any) -> Held:  # noqa: ANN401 - MLflow's own
        versions = client.search_model_versions(f"name = '{model.name}'")
        return {
            "tags": dict(model.tags),
            "aliases": dict(model.aliases),
            "versions": {v.version: (v.source, v.status, v.creation_timestamp) for v in versions},
        }
