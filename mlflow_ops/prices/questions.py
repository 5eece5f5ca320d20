"""What AWS's price list is asked: which product, and which of its prices.

https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/reading-service-price-list-file.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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


def questions(instance_type: str, kinds: Iterable[str]) -> list[Question]:
    """Return the questions about a type of instance, if any, kinds of disks, and all else."""
    machine = Question(
        "instance",
        "AmazonEC2",
        f"BoxUsage:{instance_type}",
        {"instanceType": instance_type, **COMPUTE},
    )
    return [*([machine] if instance_type else []), *map(_disk, kinds), *SURE.values()]


def _disk(kind: str) -> Question:
    usage = "EBS:VolumeUsage" + ("" if kind == "standard" else f".{kind}")
    return Question(kind, "AmazonEC2", usage, {"productFamily": "Storage", "volumeApiName": kind})
