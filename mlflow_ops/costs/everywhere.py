"""The prices of each region in which stacks lie: AWS's own, kept with a stack of this machine's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops import places
from mlflow_ops.at_once import at_once
from mlflow_ops.errors import BadOption
from mlflow_ops.names import Names
from mlflow_ops.prices import asking, keeping, shipped
from mlflow_ops.prices.questions import Kinds
from mlflow_ops.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mlflow_ops.inventory import Findings
    from mlflow_ops.prices import Prices
    from mlflow_ops.settings import Settings
    from mlflow_ops.target import Target

    Priced = Callable[[Findings], Prices]

WORKERS = 16


def tables(found: Iterable[Findings], priced: Priced) -> dict[str, Prices]:
    """Return the prices of each region where something is charged for, all asked at once."""
    charged = [part for part in found if any(each.charged.has_price for each in part.holdings)]
    answers = dict(at_once(lambda part: (part.place, priced(part)), charged, WORKERS))
    return {part.place: answers[part.place] for part in charged}


def shipped_for(found: Findings) -> Prices:
    """Return the shipped prices for the things that were found in a region."""
    return shipped(found.place)


def asker(settings: Settings, target: Target) -> Priced:
    """Return what tells the prices for the things that were found in a region, as `cost` does."""

    def asked(found: Findings) -> Prices:
        names = dict.fromkeys(each.whose.stack for each in found.holdings)
        stacks = [settings.name, *names]
        known = _stacks(settings, target, found.place, stacks)
        return asking.asked(max(known, key=_knows), _kinds(found))

    return asked


def _stacks(
    settings: Settings, target: Target, region: str, stacks: Iterable[str]
) -> Iterator[Stack]:
    for stack in stacks:
        try:
            one = replace(settings, name=stack)
        except BadOption:  # somebody else's idea of a name
            continue
        names = Names(stack, target.account, region)
        yield Stack(names, target, places.folder(one, names))


def _knows(stack: Stack) -> tuple[bool, bool]:
    """Whether a stack's folder has prices of today, and can."""
    return keeping.known(stack).listed, stack.folder.path.is_dir()


def _kinds(found: Findings) -> Kinds:
    charged = [each.charged for each in found.holdings]
    return Kinds(
        *(
            frozenset(filter(None, (getattr(each, name) for each in charged)))
            for name in ("machine", "disk", "snapshot")
        )
    )
