"""Launches happen once, and name what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .asking import launch, refused, run, said, subnet

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from .asking import Client


def test_a_token_launches_once(cloud: StrictCloud, ours: Client) -> None:
    ec2 = ours("ec2")
    first, second = run(ec2, ClientToken="t"), run(ec2, ClientToken="t")
    assert first == second
    assert cloud.holdings()["instances"] == [first]
    assert run(ours("ec2", "eu-west-1"), ClientToken="t") != first


def test_a_token_with_other_parameters_or_a_dead_instance_is_refused(ours: Client) -> None:
    ec2 = ours("ec2")
    made = run(ec2, ClientToken="t")
    other = launch(ClientToken="t", InstanceType="t3.small")
    assert refused(ec2.run_instances, **other) == "IdempotentParameterMismatch"
    ec2.terminate_instances(InstanceIds=[made])
    again = launch(ClientToken="t")
    assert refused(ec2.run_instances, **again) == "IdempotentInstanceTerminated"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"ImageId": "ami-0123456789abcdef0"}, "InvalidAMIID.NotFound"),
        ({"ImageId": "ami-nonsense"}, "InvalidAMIID.Malformed"),
        ({"InstanceType": "t99.huge"}, "InvalidParameterValue"),
        ({"InstanceType": "t4g.micro"}, "InvalidParameterValue"),
        ({"KeyName": "nobody's"}, "InvalidKeyPair.NotFound"),
        ({"SubnetId": "subnet-01234567"}, "InvalidSubnetID.NotFound"),
        ({"SecurityGroupIds": ["sg-01234567"]}, "InvalidGroup.NotFound"),
    ],
)
def test_a_launch_names_what_is_there(ours: Client, more: dict[str, Any], code: str) -> None:
    assert refused(ours("ec2").run_instances, **launch(**more)) == code


def test_without_a_default_vpc_a_launch_and_a_group_need_one(
    cloud: StrictCloud, ours: Client
) -> None:
    theirs = cloud.client("ec2")
    for each in theirs.describe_subnets()["Subnets"]:
        theirs.delete_subnet(SubnetId=each["SubnetId"])
    theirs.delete_vpc(VpcId=theirs.describe_vpcs()["Vpcs"][0]["VpcId"])
    assert refused(ours("ec2").run_instances, **launch()) == "VPCIdNotSpecified"
    group = {"GroupName": "g", "Description": "d"}
    assert refused(theirs.create_security_group, **group) == "VPCIdNotSpecified"


def test_a_group_of_another_network_is_refused(cloud: StrictCloud, ours: Client) -> None:
    theirs = cloud.client("ec2")
    vpc = theirs.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    made = theirs.create_security_group(GroupName="g", Description="d", VpcId=vpc)
    place = subnet(theirs)
    told = said(ours("ec2").run_instances, **launch(place, SecurityGroupIds=[made["GroupId"]]))
    assert "belong to different networks" in told
