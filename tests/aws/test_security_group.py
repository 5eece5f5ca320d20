"""The security group step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlflow_ops.errors import NotOurs
from mlflow_ops.steps import security_group
from mlflow_ops.target import Ports

if TYPE_CHECKING:
    from aws.conftest import StackOf
    from doubles.moto_cloud import MotoCloud

    from mlflow_ops.stack import Stack

Rules = set[tuple[int, str]]


def rules(cloud: MotoCloud, group_id: str) -> Rules:
    [group] = cloud.client("ec2").describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    return {
        (permission["FromPort"], cidr)
        for permission in group["IpPermissions"]
        for cidr in (
            *(each["CidrIp"] for each in permission["IpRanges"]),
            *(each["CidrIpv6"] for each in permission["Ipv6Ranges"]),
        )
    }


@pytest.fixture
def real_ports(stack_of: StackOf) -> Stack:
    stack = stack_of()
    return replace(stack, target=replace(stack.target, ports=Ports()))


def allowing(stack: Stack, *ranges: str, only: bool) -> Stack:
    assert stack.wanted
    return replace(stack, wanted=replace(stack.wanted, allow=ranges, allow_only_these=only))


def test_only_ssh_and_the_server_are_open_and_to_the_allowed_ranges_alone(
    real_ports: Stack, cloud: MotoCloud
) -> None:
    stack = allowing(real_ports, "203.0.113.7/32", "2001:db8::/64", only=True)
    made = security_group.create(stack)
    expected = {(p, c) for p in (22, 5000) for c in ("203.0.113.7/32", "2001:db8::/64")}
    assert rules(cloud, made.id) == expected
    assert security_group.find(stack) == made


def test_as_taught_the_four_ports_are_open_to_the_world(
    real_ports: Stack, cloud: MotoCloud
) -> None:
    stack = allowing(real_ports, "0.0.0.0/0", only=True)
    assert stack.wanted
    stack = replace(stack, wanted=replace(stack.wanted, as_taught=True))
    made = security_group.create(stack)
    assert rules(cloud, made.id) == {(p, "0.0.0.0/0") for p in (22, 80, 443, 5000)}


def test_ranges_named_by_allow_replace_all_others(real_ports: Stack, cloud: MotoCloud) -> None:
    made = security_group.create(allowing(real_ports, "0.0.0.0/0", only=True))
    narrower = allowing(real_ports, "198.51.100.0/24", only=True)
    found = security_group.find(narrower)
    assert found
    assert "no rule 22 from 0.0.0.0/0" in found.missing
    security_group.create(narrower)
    assert rules(cloud, made.id) == {(p, "198.51.100.0/24") for p in (22, 5000)}


def test_the_callers_new_address_is_added_beside_what_is_there(
    real_ports: Stack, cloud: MotoCloud
) -> None:
    made = security_group.create(allowing(real_ports, "198.51.100.0/24", only=True))
    security_group.create(allowing(real_ports, "203.0.113.9/32", only=False))
    ranges = {cidr for _, cidr in rules(cloud, made.id)}
    assert ranges == {"198.51.100.0/24", "203.0.113.9/32"}


def test_a_group_of_our_name_without_our_tag_is_not_touched(stack: Stack, cloud: MotoCloud) -> None:
    cloud.client("ec2").create_security_group(GroupName=stack.names.base, Description="theirs")
    with pytest.raises(NotOurs, match=stack.names.base):
        security_group.create(stack)


def test_destroying_twice_is_the_same_as_once(stack: Stack, cloud: MotoCloud) -> None:
    before = cloud.holdings()["groups"]
    made = security_group.create(stack)
    security_group.destroy(stack, made)
    security_group.destroy(stack, made)
    assert cloud.holdings()["groups"] == before
