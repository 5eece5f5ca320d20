"""One region's prices: the shipped table with its date, or what AWS's price list says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

HOURS = 24
DAYS = 30.4
SHIPPED_REGION = "us-east-1"


@dataclass(frozen=True)
class Prices:
    """What things cost in USD: on demand, for Linux, without taxes, credits and the free tier.

    `as_of` is the month of the shipped table or the day of AWS's list, and `listed` whether it is
    that list. A disk and storage cost by GiB and month, `put` and `get` are one request to S3 that
    writes or lists, and one that reads. `remark` says why a list that was asked for is not it, and
    `lacking` is the region whose prices these stand for, where they are another's.
    """

    region: str
    as_of: str
    instance_hour: Mapping[str, float]
    disk_gib_month: Mapping[str, float]
    address_hour: float
    storage_gib_month: float
    put: float
    get: float
    snapshot_gib_month: Mapping[str, float] = field(default_factory=dict)
    listed: bool = False
    remark: str = ""
    lacking: str = ""

    @property
    def source(self) -> str:
        """Whose prices these are, and of when."""
        if self.listed:
            return f"AWS's prices for {self.region} of {self.as_of}"
        other = f", not {self.lacking}'s own" if self.lacking else ""
        return f"{self.region} prices of {self.as_of}{other}"

    def instance(self, kind: str) -> float | None:
        """Return what an instance of this type costs an hour; None where that is not known."""
        return self.instance_hour.get(kind)

    def disk(self, kind: str, gib: float) -> float | None:
        """Return what a volume of this type costs an hour; None where that is not known."""
        monthly = self.disk_gib_month.get(kind)
        return None if monthly is None else monthly * gib / (DAYS * HOURS)

    def snapshot(self, tier: str, gib: float) -> float | None:
        """Return what a snapshot of this tier costs an hour; None where that is not known."""
        monthly = self.snapshot_gib_month.get(tier)
        return None if monthly is None else monthly * gib / (DAYS * HOURS)

    def storage(self, gib: float) -> float:
        """Return what so much in a bucket costs an hour."""
        return self.storage_gib_month * gib / (DAYS * HOURS)


def shipped(region: str) -> Prices:
    """Return the shipped prices of a region, or those of us-east-1 where there are none of it."""
    table = _shipped()
    there = region if region in table else SHIPPED_REGION
    lacking = "" if there == region else region
    return Prices(there, table["as_of"], **table[there], lacking=lacking)


@cache
def _shipped() -> dict[str, Any]:
    text = resources.files("mlflow_ops.prices").joinpath("shipped.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
