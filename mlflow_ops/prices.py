"""What the parts cost: AWS's public on-demand prices in us-east-1, in USD, as of 2026-09."""

from __future__ import annotations

HOURS = 24
DAYS = 30.4
AS_OF = "us-east-1 prices of 2026-09"

INSTANCE_HOUR = {
    "t2.micro": 0.0116,
    "t2.small": 0.023,
    "t2.medium": 0.0464,
    "t3.micro": 0.0104,
    "t3.small": 0.0208,
    "t3.medium": 0.0416,
    "t3.large": 0.0832,
    "t3a.micro": 0.0094,
    "t3a.small": 0.0188,
    "t4g.micro": 0.0084,
    "t4g.small": 0.0168,
    "t4g.medium": 0.0336,
}
ADDRESS_HOUR = 0.005
ADDRESS_DAY = ADDRESS_HOUR * HOURS
GP3_GIB_MONTH = 0.08
# The kinds that cost by size alone: https://aws.amazon.com/ebs/pricing/
DISK_GIB_MONTH = {"gp3": GP3_GIB_MONTH, "gp2": 0.10, "st1": 0.045, "sc1": 0.015, "standard": 0.05}
SNAPSHOT_GIB_MONTH = {"standard": 0.05, "archive": 0.0125}
S3_GIB_MONTH = 0.023


def per_day(instance_type: str, disk_gib: int, *, public: bool = True) -> float | None:
    """Return a stack's price in USD a day without its artifacts; None for a type not listed.

    With `public` it has a public IPv4 address.
    """
    hourly = INSTANCE_HOUR.get(instance_type)
    if hourly is None:
        return None
    address = ADDRESS_DAY if public else 0.0
    return hourly * HOURS + address + disk_per_day(disk_gib)


def disk_per_day(gib: int) -> float:
    """Return a disk's price in USD a day, also of an instance that is stopped."""
    return gib * GP3_GIB_MONTH / DAYS
