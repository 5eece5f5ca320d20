"""The registered models that the server holds, by their newest versions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from mlflow_ops.holdings import reading
from mlflow_ops.reach import paging

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mlflow_ops.reach.tracking import Tracking

BATCH = 100  # of run ids in one question


@dataclass(frozen=True)
class Model:
    """A registered model: its newest version, if any, with the run that made it, and its metrics.

    `aliases` lead to versions, of which each may be another than the newest.
    """

    name: str
    version: str | None
    stage: str
    aliases: dict[str, str]
    run_id: str
    made: datetime | None
    metrics: dict[str, float]

    @property
    def document(self) -> dict[str, Any]:
        """The model as plain data."""
        return {
            "name": self.name,
            "version": self.version,
            "stage": self.stage or None,
            "aliases": self.aliases,
            "run_id": self.run_id or None,
            "made": self.made.isoformat() if self.made else None,
            "metrics": {name: reading.plain(each) for name, each in self.metrics.items()},
        }


def find(server: Tracking) -> list[Model]:
    """Return all registered models that may be seen, in the order of their names."""
    answers = paging.listed(server, "/registered-models/search", "registered_models")
    newest = [_newest(each) for each in answers]
    metrics = _metrics(server, {str(each["run_id"]) for each in newest if each.get("run_id")})
    return [
        _model(answer, version, metrics) for answer, version in zip(answers, newest, strict=True)
    ]


def _newest(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the newest version of a model; the API tells the newest one of each stage."""
    versions: list[dict[str, Any]] = answer.get("latest_versions", [])
    return max(versions, key=lambda each: reading.number(each.get("version")), default={})


def _metrics(server: Tracking, ids: set[str]) -> dict[str, dict[str, float]]:
    """Return the metrics of these runs, of deleted ones and those of deleted experiments, too."""
    if not ids:
        return {}
    question: dict[str, Any] = {"view_type": "ALL"}
    known = paging.posted(server, "/experiments/search", "experiments", question)
    question = {"experiment_ids": [each["experiment_id"] for each in known], "run_view_type": "ALL"}
    found: dict[str, dict[str, float]] = {}
    for batch in _batches(sorted(ids)):
        quoted = ", ".join(f"'{each}'" for each in batch)
        asked = question | {"filter": f"attributes.run_id IN ({quoted})"}
        for run in paging.posted(server, "/runs/search", "runs", asked):
            found[run["info"]["run_id"]] = reading.metrics(run.get("data", {}).get("metrics"))
    return found


def _batches(ids: list[str]) -> Iterator[list[str]]:
    rest = iter(ids)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _model(
    answer: dict[str, Any], version: dict[str, Any], metrics: dict[str, dict[str, float]]
) -> Model:
    stage, run_id = str(version.get("current_stage", "")), str(version.get("run_id", ""))
    aliases = answer.get("aliases", [])
    return Model(
        name=str(answer.get("name", "")),
        version=str(version["version"]) if "version" in version else None,
        stage="" if stage == "None" else stage,
        aliases={str(each.get("alias")): str(each.get("version")) for each in aliases},
        run_id=run_id,
        made=reading.moment(version.get("creation_timestamp")),
        metrics=metrics.get(run_id, {}),
    )
