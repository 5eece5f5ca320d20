"""The runs that the server holds, sorted and chosen by it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops.errors import BadOption, TooSlow
from mlflow_ops.holdings import order as orders
from mlflow_ops.holdings import run
from mlflow_ops.holdings.order import START, Order
from mlflow_ops.holdings.run import PARENT, Run
from mlflow_ops.reach import paging

if TYPE_CHECKING:
    from mlflow_ops.reach.tracking import Tracking

SHOWN = 5


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
            "runs": [each.document for each in self.found],
            "sort": {"by": order.name, "kind": order.kind, "ascending": order.ascending},
            "more": self.more,
        }


def find(server: Tracking, wish: Wish) -> Runs:
    """Return the runs that are asked for, without deleted ones.

    Raises BadOption for an experiment or a parent that there is not, and for a sort by what no run
    has.
    """
    names = _experiments(server, wish.experiment)
    question: dict[str, Any] = {"experiment_ids": [*names], "run_view_type": "ACTIVE_ONLY"}
    if not names:  # no experiment at all, in which the server would not search
        return Runs([], Order("start", START, ascending=False), more=False)
    if wish.parent is not None:
        question["filter"] = f"tags.`{PARENT}` = '{_whole(server, [*names], wish.parent)}'"
    for order in orders.possible(wish.sort, ascending=wish.ascending):
        asked = question | {"order_by": order.clauses}
        # One more than asked for tells whether there are more.
        answers = _sorted(server, asked, wish)
        found = [run.of(each, names) for each in answers]
        # Runs that lack what is sorted by come last, so that the first tells of all.
        if not found or order.kind == START or order.name in getattr(found[0], order.kind):
            return Runs(found[: wish.most], order, len(found) > wish.most)
    raise BadOption(
        f"No run here has a metric or a parameter {wish.sort!r} to sort by: "
        "`mlflow-ops runs --json` shows what the runs have."
    )


def _sorted(server: Tracking, asked: dict[str, Any], wish: Wish) -> list[dict[str, Any]]:
    try:
        return paging.posted(server, "/runs/search", "runs", asked, wish.most + 1)
    except TooSlow as error:
        cure = "" if wish.experiment else ": with `--experiment NAME` it has fewer to sort"
        said = str(error).removesuffix(".")
        raise TooSlow(f"{said}, asked to sort its runs by {wish.sort}{cure}.") from error


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


def _whole(server: Tracking, experiments: list[str], beginning: str) -> str:
    """Return the id of the one run whose id begins so; raise BadOption for none, and for more."""
    if not re.fullmatch("[0-9A-Za-z-]+", beginning):  # which the server would not take
        raise BadOption(f"{beginning!r} is no run's id: `mlflow-ops runs` shows them.")
    question = {
        "experiment_ids": experiments,
        "run_view_type": "ALL",
        "filter": f"attributes.run_id LIKE '{beginning}%'",
    }
    found = paging.posted(server, "/runs/search", "runs", question, 2)
    ids = [str(each["info"]["run_id"]) for each in found]
    if len(ids) == 1:
        return ids[0]
    if ids:
        raise BadOption(f"Several runs have an id that begins with {beginning!r}: say more of it.")
    raise BadOption(f"There is no run {beginning!r} here: `mlflow-ops runs` shows them.")
