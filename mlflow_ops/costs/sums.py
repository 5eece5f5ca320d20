"""The sums: what a stack costs in all, in short for `status` and in whole for `cost`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops.costs import bucket, machine
from mlflow_ops.iam.scopes import BUCKET, HERE
from mlflow_ops.prices import HOURS, Prices, asking, keeping, month
from mlflow_ops.prices.questions import Kinds
from mlflow_ops.records import Bucket

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from mlflow_ops.costs.part import Part
    from mlflow_ops.stack import Stack

BRIEF = HERE.allow("ec2", "DescribeInstances DescribeVolumes")
WHOLE = (*BRIEF, *BUCKET.allow("s3", "ListBucketVersions"), *asking.ALLOWS)


@dataclass(frozen=True)
class Cost:
    """What the parts cost in USD, without traffic and taxes; `since` is when the first was made.

    A sum is None when the price of a part is not known.
    """

    parts: tuple[Part, ...]
    prices: Prices
    since: datetime | None

    @property
    def usd_hour(self) -> float | None:
        """All parts together, an hour."""
        return _sum(part.usd_hour for part in self.parts)

    @property
    def usd_day(self) -> float | None:
        """All parts together, a day."""
        hourly = self.usd_hour
        return None if hourly is None else hourly * HOURS

    @property
    def usd_month(self) -> float | None:
        """All parts together, in a month of 30.4 days."""
        return month(self.usd_hour)

    @property
    def usd_so_far(self) -> float | None:
        """What all parts have cost until now."""
        return _sum(part.usd_so_far for part in self.parts)


def brief(stack: Stack) -> Cost:
    """Return what the machine, its disk and its address cost, in two calls to AWS.

    The prices are those kept of today, else the shipped ones. The Elastic IP must be known to the
    stack; the bucket is left out, for its objects would have to be listed.
    """
    seen = machine.look(stack)
    table = keeping.known(stack)
    return Cost(tuple(machine.parts(seen, table)), table, seen.since)


def whole(stack: Stack) -> Cost:
    """Return what all of the stack costs, by AWS's price list of today where that is to be had.

    Its Elastic IP and its bucket must be known to the stack.
    """
    seen = machine.look(stack)
    disks = frozenset(volume["VolumeType"] for volume in seen.volumes)
    table = asking.asked(stack, Kinds(frozenset({seen.type} - {""}), disks))
    found = [*machine.parts(seen, table)]
    since = seen.since
    if held := stack.get(Bucket):
        weight = bucket.weigh(stack.aws.s3, held.id, seen.now)
        found += bucket.parts(weight, table, seen.ran.hours, runs=seen.runs)
        since = min(filter(None, (since, weight.since)), default=None)
    return Cost(tuple(found), table, since)


def _sum(amounts: Iterable[float | None]) -> float | None:
    found = [*amounts]
    return None if None in found else sum(amount or 0.0 for amount in found)
