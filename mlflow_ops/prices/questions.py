"""What AWS's price list is asked: which product, and which of its prices.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.prices.table import Prices

COMPUTE = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}


@dataclass(frozen=True)
class Question:
    """Which products to look for: the terms that they all have, and their usage type.

    That stands behind a short name of the region, `EUC1-BoxUsage:t3.micro`, or alone.
    """

    what: str
    service: str
    usage: str
    terms: Mapping[str, str]

    def prices(self, product: Any) -> list[float]:  # noqa: ANN401 - AWS's own document
        """Return what a product costs on demand from its first unit on; nothing for another one."""
        usage = product["product"]["attributes"].get("usagetype", "")
        if not re.fullmatch(rf"([A-Z]+\d?-)?{re.escape(self.usage)}", usage):
            return []
        return [
            price
            for term in product["terms"].get("OnDemand", {}).values()
            for dimension in term["priceDimensions"].values()
            if dimension.get("beginRange", "0") == "0"
            and (price := float(dimension["pricePerUnit"].get("USD", 0))) > 0
        ]


class NotListed(ValueError):
    """AWS's price list does not have what every region sells, or has several prices of it."""


# What every region sells.
SURE = {
    each.what: each
    for each in (
        Question(
            "address_hour",
            "AmazonVPC",
            "PublicIPv4:InUseAddress",
            {"group": "VPCPublicIPv4Address"},
        ),
        Question(
            "storage_gib_month",
            "AmazonS3",
            "TimedStorage-ByteHrs",
            {"productFamily": "Storage", "volumeType": "Standard"},
        ),
        Question("put", "AmazonS3", "Requests-Tier1", {"group": "S3-API-Tier1"}),
        Question("get", "AmazonS3", "Requests-Tier2", {"group": "S3-API-Tier2"}),
    )
}


@dataclass(frozen=True)
class Kinds:
    """Types of instances, and kinds of disks and snapshots, by the names that EC2 has for them."""

    machines: frozenset[str] = frozenset()
    disks: frozenset[str] = frozenset()
    snapshots: frozenset[str] = frozenset()

    def are_in(self, table: Prices) -> bool:
        """Whether a table has a price for each of them."""
        return (
            self.machines <= table.instance_hour.keys()
            and self.disks <= table.disk_gib_month.keys()
            and self.snapshots <= table.snapshot_gib_month.keys()
        )


def questions(kinds: Kinds) -> list[Question]:
    """Return the questions about these kinds, and all else; each `what` is another's."""
    return [
        *(_machine(each) for each in sorted(kinds.machines)),
        *(_disk(each) for each in sorted(kinds.disks)),
        *(_snapshot(each) for each in sorted(kinds.snapshots)),
        *SURE.values(),
    ]


def _machine(kind: str) -> Question:
    terms = {"instanceType": kind, **COMPUTE}
    return Question(f"machine {kind}", "AmazonEC2", f"BoxUsage:{kind}", terms)


def _disk(kind: str) -> Question:
    usage = "EBS:VolumeUsage" + ("" if kind == "standard" else f".{kind}")
    terms = {"productFamily": "Storage", "volumeApiName": kind}
    return Question(f"disk {kind}", "AmazonEC2", usage, terms)


def _snapshot(tier: str) -> Question:
    usage = "EBS:SnapshotUsage" if tier == "standard" else "EBS:SnapshotArchiveStorage"
    return Question(f"snapshot {tier}", "AmazonEC2", usage, {"productFamily": "Storage Snapshot"})
