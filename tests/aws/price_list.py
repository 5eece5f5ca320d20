"""AWS's price list in a double: it has what we look for, and beside it what looks much the same."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloud.wire import JSON, answer, refusal

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

LINUX = {
    "operatingSystem": "Linux",
    "tenancy": "Shared",
    "preInstalledSw": "NA",
    "capacitystatus": "Used",
    "marketoption": "OnDemand",
}


def product(family: str, region: str, usage: str, *tiers: str, **attributes: str) -> dict[str, Any]:
    """Return a product as the list has it, with the prices of its tiers; the first begins at 0."""
    dimensions = {
        f"SKU.JRTCKXETXF.{number}": {
            "beginRange": str(number * 51200),
            "endRange": "Inf",
            "pricePerUnit": {"USD": usd},
        }
        for number, usd in enumerate(tiers)
    }
    told = {"regionCode": region, "usagetype": usage, **attributes}
    return {
        "product": {**({"productFamily": family} if family else {}), "attributes": told},
        "terms": {"OnDemand": {"SKU.JRTCKXETXF": {"priceDimensions": dimensions}}},
    }


def machine(region: str, usage: str, usd: str, kind: str = "t3.micro") -> dict[str, Any]:
    """Return an instance type as the list has it."""
    return product("Compute Instance", region, usage, usd, instanceType=kind, **LINUX)


def disk(region: str, usage: str, usd: str, kind: str) -> dict[str, Any]:
    """Return a kind of volume as the list has it."""
    return product("Storage", region, usage, usd, volumeApiName=kind)


ADDRESS = {"group": "VPCPublicIPv4Address"}
STORAGE = {"volumeType": "Standard", "storageClass": "General Purpose"}
PRODUCTS = {
    "AmazonEC2": [
        machine("eu-central-1", "EUC1-BoxUsage:t3.micro", "0.0120000000"),
        machine("eu-central-1", "EUC1-UnusedBox:t3.micro", "0.0120000001"),
        machine("us-east-1", "BoxUsage:t3.micro", "0.0104000000"),
        disk("eu-central-1", "EUC1-EBS:VolumeUsage.gp3", "0.0952000000", "gp3"),
        disk("eu-central-1", "EUC1-EBS:VolumeUsage.gp3.outposts", "0.3000000000", "gp3"),
        disk("eu-central-1", "EUC1-EBS:VolumeUsage", "0.0590000000", "standard"),
        disk("eu-central-1", "EUC1-EBS:VolumeUsage.gp2", "0.1190000000", "gp2"),
        disk("us-east-1", "EBS:VolumeUsage.gp3", "0.0800000000", "gp3"),
        disk("us-east-1", "EBS:VolumeUsage.gp2", "0.1000000000", "gp2"),
    ],
    "AmazonVPC": [
        product("", region, f"{short}PublicIPv4:{what}", usd, **ADDRESS)
        for region, short in (("eu-central-1", "EUC1-"), ("us-east-1", "USE1-"))
        for what, usd in (("InUseAddress", "0.0060000000"), ("IdleAddress", "0.0050000000"))
    ],
    "AmazonS3": [
        each
        for region, short in (("eu-central-1", "EUC1-"), ("us-east-1", ""))
        for each in (
            product(
                "Storage",
                region,
                f"{short}TimedStorage-ByteHrs",
                *("0.0245000000", "0.0235000000"),
                **STORAGE,
            ),
            product("Storage", region, f"{short}Tables-TimedStorage-ByteHrs", "0.03", **STORAGE),
            product(
                *("API Request", region, f"{short}Requests-Tier1", "0.0000054000"),
                group="S3-API-Tier1",
            ),
            product(
                *("API Request", region, f"{short}Requests-Tier2", "0.0000004300"),
                group="S3-API-Tier2",
            ),
        )
    ],
}


@dataclass
class PriceList:
    """Answers questions for products; `asked` are those it was asked, `says` an error instead."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    says: str = ""
    lacks: str = "\0"

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Answer what is asked of the price list, and leave all else to the cloud."""
        if call.service != "pricing":
            return ask()
        self.asked.append(call.parameters)
        if self.says:
            return refusal(call, self.says, "Not today.", 500 if "Internal" in self.says else 400)
        found = [
            each for each in PRODUCTS[call.parameters["ServiceCode"]] if self._fits(each, call)
        ]
        # A page of one each, for AWS cuts its answers where it likes.
        at = int(call.parameters.get("NextToken", 0))
        more = {"NextToken": str(at + 1)} if at + 1 < len(found) else {}
        page = [json.dumps(each) for each in found[at : at + 1]]
        return answer(json.dumps({"FormatVersion": "aws_v1", "PriceList": page, **more}), JSON)

    def _fits(self, each: dict[str, Any], call: Call) -> bool:
        family = each["product"].get("productFamily", "")
        told = {"productFamily": family, **each["product"]["attributes"]}
        if self.lacks in told["usagetype"]:
            return False
        terms = call.parameters["Filters"]
        assert {term["Type"] for term in terms} == {"TERM_MATCH"}
        return all(told.get(term["Field"]) == term["Value"] for term in terms)
