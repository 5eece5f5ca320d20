"""What a zone, a quota and the account's plan have to give."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS

from cloud import backends
from cloud.front import MOTO
from cloud.wire import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.wire import Answer, Ask, Call

BY_ZONE = INSTANCE_TYPE_OFFERINGS["availability-zone"]
OUT = (
    "We currently do not have sufficient {type} capacity in the Availability Zone you requested "
    "({zone}). Our system will be working on provisioning additional capacity. You can currently "
    "get {type} capacity by not specifying an Availability Zone in your request or choosing "
    "{others}."
)
LACKING = (
    "Your requested instance type ({type}) is not supported in your requested Availability Zone "
    "({zone}). Please retry by not specifying an Availability Zone or choosing {others}."
)
VCPUS = (
    "You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the "
    "instance bucket that the specified instance type belongs to. Please visit "
    "http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."
)
PLAN = (
    "The specified instance type is not eligible for Free Tier. For a list of Free Tier instance "
    "types, run 'describe-instance-types' with the filter 'free-tier-eligible=true'."
)


@dataclass
class Capacity:
    """Gives instances as far as there are any.

    `out` are zones without room, `lacking` are pairs of a type and a zone that has it not, besides
    moto's own table; `vcpus` is the quota; `free` are the only types the account's plan allows.
    """

    out: set[str] = field(default_factory=set)
    lacking: set[tuple[str, str]] = field(default_factory=set)
    vcpus: int = 32
    free: tuple[str, ...] | None = None

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at launches, and at questions about what may be launched."""
        if call.operation == "RunInstances":
            return self._launch(call) or ask()
        if call.operation == "DescribeInstanceTypeOfferings" and self.lacking:
            return _asked(ask, self._offerings(call.region))
        if call.operation == "DescribeInstanceTypes" and self.free is not None:
            return _asked(ask, self._eligible(backends.ec2(call.region).instance_types))
        return ask()

    def _launch(self, call: Call) -> Answer | None:
        kind = call.parameters.get("InstanceType", "m1.small")
        zone = _zone(call)
        if self.free is not None and kind not in self.free:
            return refusal(call, "InvalidParameterCombination", PLAN)
        offered = {o["Location"] for o in BY_ZONE[call.region] if o["InstanceType"] == kind}
        offered -= {where for each, where in self.lacking if each == kind}
        others = ", ".join(sorted(offered - self.out - {zone}))
        words = {"type": kind, "zone": zone, "others": others}
        if zone not in offered and "InstanceType" in call.parameters:
            return refusal(call, "Unsupported", LACKING.format(**words))
        if _vcpus(call.region, kind) > self.vcpus:
            return refusal(call, "VcpuLimitExceeded", VCPUS.format(limit=self.vcpus))
        if zone not in self.out:
            return None
        # A server's error, so that AWS's own clients try it again:
        # https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
        return refusal(call, "InsufficientInstanceCapacity", OUT.format(**words), 500)

    @contextmanager
    def _offerings(self, region: str) -> Iterator[None]:
        whole = BY_ZONE[region]
        BY_ZONE[region] = [
            o for o in whole if (o["InstanceType"], o["Location"]) not in self.lacking
        ]
        try:
            yield
        finally:
            BY_ZONE[region] = whole

    @contextmanager
    def _eligible(self, types: list[dict[str, Any]]) -> Iterator[None]:
        before = [each.get("FreeTierEligible") for each in types]
        for each in types:
            each["FreeTierEligible"] = each["InstanceType"] in (self.free or ())
        try:
            yield
        finally:
            for each, was in zip(types, before, strict=True):
                each["FreeTierEligible"] = was


def _asked(ask: Ask, meanwhile: Any) -> Answer:  # noqa: ANN401 - a context manager of any kind
    with MOTO, ExitStack() as stack:
        stack.enter_context(meanwhile)
        return ask()


def _zone(call: Call) -> str:
    given = call.parameters
    place = (given.get("NetworkInterfaces") or [given])[0].get("SubnetId")
    named: str = given.get("Placement", {}).get("AvailabilityZone", f"{call.region}a")
    zones = backends.ec2(call.region).subnets
    return next((zone for zone, subnets in zones.items() if place in subnets), named)


def _vcpus(region: str, kind: str) -> int:
    """Return how many virtual processors there would be with one more of this type."""
    types = backends.ec2(region).instance_types
    size = {each["InstanceType"]: each["VCpuInfo"]["DefaultVCpus"] for each in types}
    kinds = [one.instance_type for one in backends.instances(region)]
    return sum(size.get(each, 1) for each in [*kinds, kind])
