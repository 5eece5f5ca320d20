"""`mlflow-ops audit` and the last look of `down` go by what a thing is and where it lies."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aws import remains
from cloud import backends

from mlflow_ops import audit as audits
from mlflow_ops import inventory
from mlflow_ops.inventory.ec2 import lock_name
from mlflow_ops.names import Names

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from conftest import Cli

    from mlflow_ops.stack import Stack

HERE, THERE = "us-east-1", "eu-west-1"
NAMES = Names("mlflow", backends.ACCOUNT, HERE)


def test_a_copy_from_another_region_is_left_where_it_lies(stack: Stack, cloud: StrictCloud) -> None:
    elsewhere, ec2 = replace(stack.names, region=THERE), cloud.client("ec2")
    volume = ec2.create_volume(Size=1, AvailabilityZone=f"{HERE}a")["VolumeId"]
    tags = remains.tagged("snapshot", elsewhere)
    copy = ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)["SnapshotId"]
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=elsewhere.tags)
    left, unseen = inventory.leftovers(stack)
    assert ([holding.id for holding in left], unseen) == ([copy, vpc], [])


def test_down_is_advised_only_where_it_takes_something(cli: Cli, cloud: StrictCloud) -> None:
    ec2 = cloud.client("ec2")
    ec2.allocate_address(Domain="vpc", TagSpecifications=remains.tagged("elastic-ip", NAMES))
    ran = cli("audit", **cloud.environment())
    assert (ran.code, "elastic IP" in ran.out, "Try first" in ran.out) == (3, True, False)


def test_a_key_pair_that_is_only_called_like_a_lock_keeps_nothing_from_being_an_orphan(
    stack: Stack, cloud: StrictCloud
) -> None:
    remains.user(cloud, NAMES)
    cloud.client("ec2").create_key_pair(KeyName=lock_name(NAMES))
    [found] = audits.audit(stack.aws, [HERE]).stacks
    assert found.state == "orphan"
    assert {owned.owner for owned in found.holdings} == {None}
