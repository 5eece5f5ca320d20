"""The order of a list of runs, which the server makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mlflow_ops.holdings import better

START = "start"
Kind = Literal["start", "metrics", "params"]
DIRECTIONS = {
    ("start", True): "the oldest first",
    ("start", False): "the newest first",
    ("metrics", True): "the lowest first",
    ("metrics", False): "the highest first",
    ("params", True): "as text, in ascending order",
    ("params", False): "as text, in descending order",
}


@dataclass(frozen=True)
class Order:
    """By what the runs are sorted, and which way."""

    kind: Kind
    name: str
    ascending: bool

    @property
    def clauses(self) -> list[str]:
        """The order as the API takes it; of equals, the newest comes first."""
        way, newest = "ASC" if self.ascending else "DESC", "attributes.start_time DESC"
        if self.kind == START:
            return [f"attributes.start_time {way}"]
        return [f"{self.kind}.`{self.name}` {way}", newest]

    def __str__(self) -> str:
        """Say it in a few words."""
        return f"by {self.name}, {DIRECTIONS[self.kind, self.ascending]}{self._worth()}"

    def _worth(self) -> str:
        if self.kind != "metrics":
            return ""
        less = better.less(self.name)
        if less is None:
            return "" if self.ascending else " (--ascending: the lowest)"
        return ", which is best" if less == self.ascending else ""


def possible(asked: str, *, ascending: bool | None) -> list[Order]:
    """Return what may be meant by `start`, or by the name of a metric or else a parameter.

    `metrics.NAME` and `params.NAME` mean the one kind alone. Nothing has a name with a backtick.
    """
    if asked == START:
        return [Order("start", START, bool(ascending))]
    if "`" in asked:
        return []
    kind, _, name = asked.partition(".")
    kinds: tuple[Kind, ...] = ("metrics", "params")
    named = [Order(each, name, _way(each, name, ascending)) for each in kinds if each == kind]
    return named or [Order(each, asked, _way(each, asked, ascending)) for each in kinds]


def _way(kind: Kind, name: str, ascending: bool | None) -> bool:  # noqa: FBT001 - passed on as given
    if ascending is not None:
        return ascending
    return kind == "params" or bool(better.less(name))
