"""One run that the server holds, as its API tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops.holdings import reading

if TYPE_CHECKING:
    from datetime import datetime

PARENT, USER = "mlflow.parentRunId", "mlflow.user"


@dataclass(frozen=True)
class Run:
    """One run; its times are UTC, and `parent` is the run that it is a child of."""

    id: str
    name: str
    experiment: str
    status: str
    user: str
    start: datetime | None
    end: datetime | None
    params: dict[str, str]
    metrics: dict[str, float]
    parent: str | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The run as plain data."""
        return {
            "run_id": self.id,
            "name": self.name,
            "experiment": self.experiment,
            "status": self.status,
            "user": self.user,
            "start": self.start.isoformat() if self.start else None,
            "end": self.end.isoformat() if self.end else None,
            "params": self.params,
            "metrics": {name: reading.plain(each) for name, each in self.metrics.items()},
            "parent": self.parent,
        }


def of(answer: dict[str, Any], experiments: dict[str, str]) -> Run:
    """Return a run that the API tells of; `experiments` are names by their ids."""
    info, data = answer.get("info", {}), answer.get("data", {})
    tags = reading.pairs(data.get("tags"))
    experiment = str(info.get("experiment_id", ""))
    return Run(
        id=str(info.get("run_id", "")),
        name=str(info.get("run_name", "")),
        experiment=experiments.get(experiment, experiment),
        status=str(info.get("status", "")).lower(),
        user=str(tags.get(USER) or info.get("user_id", "")),
        start=reading.moment(info.get("start_time")),
        end=reading.moment(info.get("end_time")),
        params={name: str(value) for name, value in reading.pairs(data.get("params")).items()},
        metrics=reading.metrics(data.get("metrics")),
        parent=tags.get(PARENT),
    )
