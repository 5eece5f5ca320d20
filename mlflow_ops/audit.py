"""Everything of ours in an account, stack by stack, and whether a live stack owns it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from mlflow_ops import inventory, regions
from mlflow_ops.at_once import at_once
from mlflow_ops.costs import everywhere
from mlflow_ops.costs.daily import FREE, Daily, total
from mlflow_ops.inventory import IAM, Findings, Holding, Search, buckets, ec2_kinds
from mlflow_ops.inventory.holding import UNKNOWN
from mlflow_ops.prices import SHIPPED_REGION, shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from mlflow_ops.aws import Aws
    from mlflow_ops.costs.everywhere import Priced
    from mlflow_ops.prices import Prices

Key: TypeAlias = "tuple[str, str | None]"
WORKERS = 16
# Without having seen these nobody can say that a stack is not alive.
LIFE = {f"{kind}s" for kind in (ec2_kinds.INSTANCE, ec2_kinds.KEY_PAIR)}


@dataclass(frozen=True)
class Owned:
    """A holding and what owns it: a "live" or "busy" stack, a wish ("kept"), or nobody: None.

    "unknown" stands where that could not be seen, or whose it is. It costs so much a day.
    """

    holding: Holding
    owner: str | None
    cost: Daily = FREE


@dataclass(frozen=True)
class StackAudit:
    """What there is of one stack in one region; a region of None is not known.

    `state` is "live", "busy" (a command is at work on it), "kept", "orphan" or "unknown".
    """

    stack: str
    region: str | None
    state: str
    holdings: tuple[Owned, ...]

    @property
    def cost(self) -> Daily:
        """Return what it costs a day, without the contents of its bucket."""
        return total(each.cost for each in self.holdings if each.holding.kind != buckets.KIND)


@dataclass(frozen=True)
class Audit:
    """What an account holds of ours, by stack, at which prices, and what could not be looked at."""

    account: str
    regions: tuple[str, ...]
    at: datetime
    stacks: tuple[StackAudit, ...]
    failures: tuple[str, ...]
    prices: tuple[Prices, ...] = ()

    @property
    def cost(self) -> Daily:
        """Return what all of it costs a day."""
        return total(stack.cost for stack in self.stacks)

    @property
    def orphans(self) -> int:
        """Return how many things nobody owns."""
        return sum(each.owner is None for stack in self.stacks for each in stack.holdings)


def enabled_regions(aws: Aws) -> list[str]:
    """Return the regions that the account can use."""
    return sorted(region["RegionName"] for region in aws.ec2.describe_regions()["Regions"])


def audit(aws: Aws, places: Iterable[str], priced: Priced = everywhere.shipped_for) -> Audit:
    """Look for all of ours in these regions, in IAM, and in each region that IAM's things name.

    `priced` tells the prices of a region, for what was found there.
    """
    account, now = aws.identity[0], aws.now()

    def look(place: str) -> Findings:
        if place == IAM:
            return inventory.everywhere(Search(aws, account, now))
        there = aws if place == aws.region else replace(aws, region=place)
        return inventory.here(Search(there, account, now))

    wanted = list(places)
    found = {part.place: part for part in at_once(look, [IAM, *wanted], WORKERS)}
    named = {holding.region for holding in found[IAM].holdings if holding.region}
    more = sorted(named & set(regions.known(aws.session)) - set(wanted))
    found |= {part.place: part for part in at_once(look, more, WORKERS)}
    parts = [found[place] for place in (IAM, *wanted, *more)]
    failures = tuple(failure for part in parts for failure in part.failures)
    tables = everywhere.tables(parts, priced)
    stacks = _by_stack(parts, tables)
    return Audit(account, (*wanted, *more), now, stacks, failures, (*tables.values(),))


def _by_stack(found: list[Findings], tables: Mapping[str, Prices]) -> tuple[StackAudit, ...]:
    groups: dict[Key, list[Holding]] = {}
    for holding in (holding for part in found for holding in part.holdings):
        groups.setdefault((holding.whose.stack, holding.region), []).append(holding)
    blind = {part.place for part in found if part.unseen & LIFE}
    lives = {key: _life(holdings) for key, holdings in groups.items()}
    keys = sorted(groups, key=lambda key: (key[0], key[1] or ""))
    return tuple(_stack(key, groups[key], _owner(key, lives, blind), tables) for key in keys)


def _life(holdings: list[Holding]) -> str | None:
    """Tell what keeps a stack from being an orphan, the stronger of two first."""
    signs = {holding.alive for holding in holdings}
    return next((sign for sign in ("live", "busy") if sign in signs), None)


def _owner(key: Key, lives: dict[Key, str | None], blind: set[str]) -> str | None:
    """Return who owns a stack's things; without a region any stack of the name may."""
    stack, region = key
    near = [life for other, life in lives.items() if region is None and other[0] == stack]
    seen = next(filter(None, [lives[key], *near]), None)
    return seen or (UNKNOWN if region in blind or (region is None and blind) else None)


def _stack(
    key: Key, holdings: list[Holding], owner: str | None, tables: Mapping[str, Prices]
) -> StackAudit:
    alone = ("kept", UNKNOWN)  # what is so by itself, whatever else there is of its stack
    owned = tuple(
        Owned(
            each,
            owner or (each.alive if each.alive in alone else None),
            each.charged.a_day(tables.get(each.region or "") or shipped(SHIPPED_REGION)),
        )
        for each in holdings
    )
    states = {each.owner or "orphan" for each in owned}
    worst = next((state for state in ("orphan", UNKNOWN) if state in states), None)
    return StackAudit(*key, worst or states.pop(), owned)
