"""The runs that the server holds, sorted and chosen by it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops.errors import BadOption
from mlflow_ops.holdings import order as orders
from mlflow_ops.holdings import reading
from mlflow_ops.holdings.order import START, Order
from mlflow_ops.reach import paging

if TYPE_CHECKING:
    from datetime import datetime

    from mlflow_ops.reach.tracking import Tracking

PARENT, USER = "mlflow.parentRunId", "mlflow.user"
SHOWN = 5


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


@dataclass(frozen=True)
class Wish:
    """Which runs are asked for, at most how many, and in which order; None is what fits best."""

    sort: str = START
    ascending: bool | None = None
    most: int = 20
    experiment: str | None = None
    parent: str | None = None


@dataclass(frozen=True)
class Runs:
    """The runs that were found, their order, and whether there are more than were asked for."""

    found: list[Run]
    order: Order
    more: bool

    @property
    def document(self) -> dict[str, Any]:
        """The runs as plain data."""
        order = self.order
        return {
            "runs": [run.document for run in self.found],
            "sort": {"by": order.name, "kind": order.kind, "ascending": order.ascending},
            "more": self.more,
        }


def find(server: Tracking, wish: Wish) -> Runs:
    """Return the runs that are asked for, without deleted ones.

    Raises BadOption for an experiment that there is not, and for a sort by what no run has.
    """
    names = _experiments(server, wish.experiment)
    question: dict[str, Any] = {"experiment_ids": [*names], "run_view_type": "ACTIVE_ONLY"}
    if wish.parent is not None:
        question["filter"] = f"tags.`{PARENT}` = '{_checked(wish.parent)}'"
    if not names:  # no experiment at all, in which the server would not search
        return Runs([], Order("start", START, ascending=False), more=False)
    for order in orders.possible(wish.sort, ascending=wish.ascending):
        asked = question | {"order_by": order.clauses}
        # One more than asked for tells whether there are more.
        answers = paging.posted(server, "/runs/search", "runs", asked, wish.most + 1)
        found = [_run(each, names) for each in answers]
        # Runs that lack what is sorted by come last, so that the first tells of all.
        if not found or order.kind == START or order.name in getattr(found[0], order.kind):
            return Runs(found[: wish.most], order, len(found) > wish.most)
    raise BadOption(
        f"No run here has a metric or a parameter {wish.sort!r} to sort by: "
        "`mlflow-ops runs --json` shows what the runs have."
    )


def _experiments(server: Tracking, wanted: str | None) -> dict[str, str]:
    """Return the experiments' names by their ids: all of them, or the wanted one."""
    question = {"view_type": "ACTIVE_ONLY"}
    answers = paging.posted(server, "/experiments/search", "experiments", question)
    every = {str(each["experiment_id"]): str(each.get("name", "")) for each in answers}
    chosen = {key: name for key, name in every.items() if wanted in (None, name)}
    if wanted is not None and not chosen:
        names = [repr(name) for name in every.values()]
        shown = [*names[:SHOWN], *(["…"] if len(names) > SHOWN else [])]
        raise BadOption(
            f"There is no experiment {wanted!r} that you may see. There are: {', '.join(shown)}."
        )
    return chosen


def _checked(run_id: str) -> str:
    """Return the id; raise BadOption for what none can be, which the server would not take."""
    if re.fullmatch(r"[0-9A-Za-z_.-]+", run_id):
        return run_id
    raise BadOption(f"{run_id!r} is no run's id: `mlflow-ops runs` shows them.")


def _run(answer: dict[str, Any], experiments: dict[str, str]) -> Run:
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
