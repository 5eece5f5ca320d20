"""The parts in EC2: the machine, its disk and its public address, as AWS describes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops.costs.part import Part
from mlflow_ops.costs.ran import Ran, so_far
from mlflow_ops.ec2 import instances
from mlflow_ops.ec2.instances import RUNS
from mlflow_ops.records import ElasticIp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mlflow_ops.prices import Prices
    from mlflow_ops.stack import Stack

ASSUMED = {
    "at least": "so far, at least: of runs before {launched} nothing is known",
    "at most": "so far, at most: AWS does not tell when the machine powered off; at the next start "
    "its host does",
}


@dataclass(frozen=True)
class Standing:
    """What there is in EC2, in AWS's own words, and the time by its clock."""

    now: datetime
    instance: Any | None
    volumes: tuple[Any, ...]
    elastic: ElasticIp | None

    @property
    def since(self) -> datetime | None:
        """When the oldest of it was made: the disk, for a start gives an instance a new time."""
        moments = [volume["CreateTime"] for volume in self.volumes]
        moments += [self.instance["LaunchTime"]] if self.instance else []
        return min(moments, default=None)

    @property
    def type(self) -> str:
        """The instance's type, empty where there is none."""
        return str(self.instance["InstanceType"]) if self.instance else ""

    @property
    def runs(self) -> bool:
        """Whether the machine runs now."""
        return self.instance is not None and self.instance["State"]["Name"] in RUNS

    @property
    def ran(self) -> Ran:
        """How long the machine has run."""
        return so_far(self.instance, self.now, self.since) if self.instance else Ran(0.0)


def look(stack: Stack) -> Standing:
    """Ask EC2 what there is, in two calls; the Elastic IP is the one the stack knows."""
    alive = [one for one in instances.own(stack) if one["State"]["Name"] in instances.ALIVE]
    filters: Any = stack.names.filters
    pages = stack.aws.ec2.get_paginator("describe_volumes").paginate(Filters=filters)
    volumes = tuple(volume for page in pages for volume in page["Volumes"])
    instance = alive[0] if alive else None
    return Standing(stack.aws.now(), instance, volumes, stack.get(ElasticIp))


def parts(seen: Standing, table: Prices) -> Iterator[Part]:
    """Yield what each of it costs, the dearest first."""
    if seen.instance:
        yield _machine(seen, table)
    for volume in seen.volumes:
        rate = table.disk(volume["VolumeType"], volume["Size"])
        age = max(0.0, (seen.now - volume["CreateTime"]).total_seconds() / 3600)
        what = f"{volume['Size']} GB {volume['VolumeType']}"
        yield Part("disk", what, rate, None if rate is None else rate * age)
    if address := _address(seen, table):
        yield address


def _machine(seen: Standing, table: Prices) -> Part:
    described, rate = seen.instance or {}, table.instance(seen.type)
    state, ran = described["State"]["Name"], seen.ran
    now = rate if state in RUNS else 0.0
    spent = None if rate is None else rate * ran.hours
    return Part("instance", f"{seen.type}, {state}", now, spent, _assumed(seen, ran))


def _assumed(seen: Standing, ran: Ran) -> str:
    launched = seen.instance["LaunchTime"] if seen.instance else None
    return ASSUMED[ran.bound].format(launched=f"{launched:%Y-%m-%d %H:%M} UTC") if ran.bound else ""


def _address(seen: Standing, table: Prices) -> Part | None:
    """Return the public address: an Elastic IP costs on while the machine is stopped."""
    rate = table.address_hour
    if seen.elastic:
        age = (seen.now - seen.since).total_seconds() / 3600 if seen.since else 0.0
        when = "so far, since the disk was made: AWS does not tell when the address was"
        return Part("Elastic IP", seen.elastic.address, rate, rate * age, when)
    shown = seen.instance.get("PublicIpAddress") if seen.instance else None
    if not seen.instance or not (shown or _had_one(seen.instance)):
        return None
    what = shown or "none while the machine is stopped"
    spent, assumed = rate * seen.ran.hours, _assumed(seen, seen.ran)
    return Part("public address", what, rate if shown else 0.0, spent, assumed)


def _had_one(described: Any) -> bool:  # noqa: ANN401 - AWS's own description
    return instances.record(described).shape.address == "public"
