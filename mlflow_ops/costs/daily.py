"""What things cost a day, as far as their prices are known: one that is not makes no sum less."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops.costs.telling import UNKNOWN, amount
from mlflow_ops.prices import AS_OF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_ops.prices import Prices

LEAST = 0.01


@dataclass(frozen=True)
class Daily:
    """What is known of a cost, in USD a day, and what of it has no price that is known here."""

    known: float = 0.0
    unpriced: tuple[str, ...] = ()

    @property
    def usd(self) -> float | None:
        """All of it, or None where a part has no price."""
        return None if self.unpriced else self.known

    def __str__(self) -> str:
        """Say it as a table does: at least what is known."""
        if self.usd is not None:
            return amount(self.usd)
        return UNKNOWN if self.known < LEAST else f"at least {amount(self.known)}"


FREE = Daily()


def total(each: Iterable[Daily]) -> Daily:
    """Return the sum, with each kind of what has no price named once."""
    found = [*each]
    unpriced = dict.fromkeys(kind for one in found for kind in one.unpriced)
    return Daily(sum(one.known for one in found), tuple(unpriced))


def summed(cost: Daily, tables: Iterable[Prices]) -> Iterator[str]:
    """Yield in lines what all comes to, at whose prices, and what has none or was not to be had."""
    found = [*tables]
    sources = dict.fromkeys(each.source for each in found)
    yield f"In all {cost} USD a day, without traffic and what lies in buckets"
    yield f"({'; '.join(sources or [AS_OF])})."
    if cost.unpriced:
        yield f"No price is known here for: {', '.join(cost.unpriced)}."
    yield from dict.fromkeys(each.remark for each in found if each.remark)
