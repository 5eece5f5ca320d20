"""What the parts cost: AWS's public on-demand prices in USD, from its list or a shipped table."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_ops.prices.table import DAYS, HOURS, SHIPPED_REGION, Prices, shipped

__all__ = ["DAYS", "HOURS", "SHIPPED_REGION", "Planned", "Prices", "month", "planned", "shipped"]

_US = shipped(SHIPPED_REGION)
AS_OF = _US.source
INSTANCE_HOUR = _US.instance_hour
ADDRESS_DAY = _US.address_hour * HOURS
# The kinds that cost by size alone: https://aws.amazon.com/ebs/pricing/
DISK_GIB_MONTH = _US.disk_gib_month
S3_GIB_MONTH = _US.storage_gib_month
# What AWS means by GB, in bytes.
GIB = 2**30


@dataclass(frozen=True)
class Planned:
    """What one part of a stack will cost in USD a month, None where that is not known.

    `step` is the step that makes it; one step may make several.
    """

    step: str
    what: str
    usd_month: float | None


def planned(
    table: Prices, instance_type: str, disk_gib: int, *, public: bool, elastic: bool
) -> list[Planned]:
    """Return what a stack will cost a month while it stands, part by part, with an empty bucket.

    With `public` it has a public IPv4 address, which is an Elastic IP with `elastic`. Steps that
    are not named make what costs nothing.
    """
    address = month(table.address_hour)
    where, what = (
        ("elastic_ip", "the Elastic IP") if elastic else ("instance", "its public address")
    )
    return [
        Planned("bucket", f"{table.storage_gib_month} for each GB in the bucket", 0.0),
        Planned("instance", "the machine", month(table.instance(instance_type))),
        Planned("instance", "its disk", month(table.disk("gp3", disk_gib))),
        *([Planned(where, what, address)] if public else []),
    ]


def month(usd_hour: float | None) -> float | None:
    """Return a price in USD a month from one in USD an hour."""
    return None if usd_hour is None else usd_hour * HOURS * DAYS


def disk_per_day(gib: int) -> float:
    """Return a disk's price in USD a day, also of an instance that is stopped."""
    return gib * DISK_GIB_MONTH["gp3"] / DAYS
