"""Which instance types AWS offers, and which of them would do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import BadOption
from mlflow_ops.prices import INSTANCE_HOUR

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlflow_ops.target import Target

USUAL = "t3.micro"
AS_TAUGHT = "t2.micro"
LEAST_MIB = 1024  # what the server fits into
FREE = {"Name": "free-tier-eligible", "Values": ["true"]}
PRICED = {"Name": "instance-type", "Values": list(INSTANCE_HOUR)}


def zones(target: Target, instance_type: str) -> frozenset[str]:
    """Return the availability zones that have the type."""
    return frozenset(zone for _, zone in _offers(target, [instance_type]))


def suitable(
    target: Target, places: Collection[str], architecture: str | None, but: str
) -> list[str]:
    """Return the types, apart from one, that would do in any of these zones, the best first.

    That is our usual one, then by price. They are those that every plan allows; only where there
    are none, those whose price we know. The architecture is AWS's word, None for any.
    """
    for condition in (FREE, PRICED):
        names = _big_enough(target, condition, architecture) - {but}
        offers = _offers(target, names) if names else []
        if found := {name for name, zone in offers if zone in places}:
            return sorted(found, key=_rank)
    return []


def advice(types: list[str]) -> str:
    """Say in a sentence which types would do."""
    if not types:
        return "AWS names no other type that would do there: choose another --region or --vpc-id."
    return f"These would do as --instance-type: {', '.join(types)}."


def _rank(name: str) -> tuple[bool, float, str]:
    return name != USUAL, INSTANCE_HOUR.get(name, math.inf), name


def _big_enough(target: Target, condition: Any, architecture: str | None) -> set[str]:  # noqa: ANN401 - one of AWS's filters
    pages = target.aws.ec2.get_paginator("describe_instance_types").paginate(Filters=[condition])
    fitting = {architecture} if architecture else {"x86_64", "arm64"}
    return {
        found["InstanceType"]
        for page in pages
        for found in page["InstanceTypes"]
        if found["MemoryInfo"]["SizeInMiB"] >= LEAST_MIB
        and fitting & set(found["ProcessorInfo"]["SupportedArchitectures"])
    }


def _offers(target: Target, names: Collection[str]) -> list[tuple[str, str]]:
    """Return the pairs of a type and a zone that has it."""
    of_types: Any = [{"Name": "instance-type", "Values": sorted(names)}]
    pages = target.aws.ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone", Filters=of_types
    )
    offers = [offer for page in pages for offer in page["InstanceTypeOfferings"]]
    return [(str(offer["InstanceType"]), str(offer["Location"])) for offer in offers]


def described(target: Target, name: str) -> Any:  # noqa: ANN401 - AWS's own description
    """Return what AWS says of a type, asked once a run. Raises BadOption when it has none such."""
    held = target.aws.types
    if name not in held:
        asked: Any = [name]
        try:
            held[name] = target.aws.ec2.describe_instance_types(InstanceTypes=asked)
        except sdk.ClientError as error:
            if code(error) != "InvalidInstanceType":
                raise
            raise BadOption(f"AWS has no instance type {name!r} in this region.") from error
    return held[name]["InstanceTypes"][0]


def vcpus(target: Target, name: str) -> int:
    """Return how many virtual processors the type has, as its quota counts them."""
    return int(described(target, name)["VCpuInfo"]["DefaultVCpus"])
