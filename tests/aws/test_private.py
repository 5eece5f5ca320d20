"""Instances without a public address, and instances with an IPv6 address."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_ops import plan, wanted
from mlflow_ops.ec2 import instances, launches
from mlflow_ops.ec2.launches import Launch
from mlflow_ops.errors import BadOption
from mlflow_ops.names import SHAPE_TAG
from mlflow_ops.records import SecurityGroup
from mlflow_ops.settings import Options
from mlflow_ops.shape import Shape
from mlflow_ops.steps import instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.stack import Stack
    from mlflow_ops.wanted import Wanted

PRIVATE = Shape(address="private")
OWN = "10.9.3.4"
MOTOS_STATE = re.compile(rb"<state>[^<]*State[^<]*associated[^<]*</state>")


@dataclass(frozen=True)
class Network:
    """A VPC whose one subnet has an IPv6 range."""

    vpc: str
    subnet: str
    table: str


def honest(_: Call, ask: Ask) -> Answer:
    """Say a range's state as AWS does, where moto says its whole description."""
    answer = ask()
    return replace(answer, body=MOTOS_STATE.sub(b"<state>associated</state>", answer.body))


@pytest.fixture
def network(cloud: StrictCloud) -> Iterator[Network]:
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]
    [block] = vpc["Ipv6CidrBlockAssociationSet"]
    made = ec2.create_subnet(
        VpcId=vpc["VpcId"],
        CidrBlock="10.9.0.0/24",
        Ipv6CidrBlock=block["Ipv6CidrBlock"].replace("/56", "/64"),
        AvailabilityZone="us-east-1a",
    )
    only: Any = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
    [table] = ec2.describe_route_tables(Filters=only)["RouteTables"]
    with cloud.also(honest):
        yield Network(vpc["VpcId"], made["Subnet"]["SubnetId"], table["RouteTableId"])


def behind_nat(cloud: StrictCloud, network: Network) -> None:
    """Give the network a default route to a NAT gateway."""
    ec2 = cloud.client("ec2")
    made = ec2.create_nat_gateway(SubnetId=network.subnet, ConnectivityType="private")
    nat = made["NatGateway"]["NatGatewayId"]
    ec2.create_route(RouteTableId=network.table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)


def behind_internet_gateway(cloud: StrictCloud, network: Network) -> None:
    ec2 = cloud.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc)
    ec2.create_route(
        RouteTableId=network.table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
    )


def settled(stack: Stack, own: str = OWN, **options: Any) -> Wanted:  # noqa: ANN401 - of every kind
    asked = Options(**options)
    target = replace(stack.target, route=lambda _: own)
    return wanted.settle(wanted.first_thoughts(asked, target), asked, target, {})


def test_a_private_server_stands_where_a_way_out_needs_no_public_address(
    stack: Stack, cloud: StrictCloud, network: Network
) -> None:
    with pytest.raises(BadOption, match=f"leads out of VPC {network.vpc}.*NAT"):
        settled(stack, vpc_id=network.vpc, address="private")
    behind_nat(cloud, network)
    chosen = settled(stack, vpc_id=network.vpc, address="private")
    assert chosen.subnet_id == network.subnet
    assert chosen.allow == (f"{OWN}/32",)
    assert not chosen.allow_only_these
    with pytest.raises(BadOption, match="internet gateway"):
        settled(stack, vpc_id=network.vpc)


def test_an_internet_gateway_is_no_way_out_without_a_public_address(
    stack: Stack, cloud: StrictCloud, network: Network
) -> None:
    behind_internet_gateway(cloud, network)
    assert settled(stack, subnet_id=network.subnet).subnet_id == network.subnet
    with pytest.raises(BadOption, match=f"leads out of subnet {network.subnet}"):
        settled(stack, subnet_id=network.subnet, address="private")


def test_who_has_no_way_into_the_vpc_has_to_say_who_gets_in(
    stack: Stack, cloud: StrictCloud, network: Network
) -> None:
    behind_nat(cloud, network)
    with pytest.raises(BadOption, match="towards the VPC is 93.184.216.34"):
        settled(stack, own="93.184.216.34", vpc_id=network.vpc, address="private")
    named = settled(
        stack, own="", vpc_id=network.vpc, address="private", allow=("10.0.0.0/8", "fd00::/8")
    )
    assert named.allow == ("10.0.0.0/8", "fd00::/8")


def launching(stack: Stack, chosen: Wanted) -> dict[str, Any]:
    """Return the network interface that an instance would be launched with."""
    ready = replace(stack, wanted=chosen).knows(SecurityGroup("sg-1"))
    launch = Launch.of("token", chosen, chosen.subnet_id)
    [found] = launches.request(ready, launch)["NetworkInterfaces"]
    return dict(found)


def test_an_ipv6_address_is_asked_for_where_there_are_any(
    stack: Stack, cloud: StrictCloud, network: Network
) -> None:
    behind_internet_gateway(cloud, network)
    assert launching(stack, settled(stack, subnet_id=network.subnet))["Ipv6AddressCount"] == 1
    plain = launching(stack, settled(stack))
    assert "Ipv6AddressCount" not in plain
    assert plain["AssociatePublicIpAddress"] is True


def test_a_private_instance_gets_no_public_address_of_either_kind(
    stack: Stack, cloud: StrictCloud, network: Network
) -> None:
    behind_nat(cloud, network)
    there = {"subnet_id": network.subnet, "address": "private"}
    found = launching(stack, settled(stack, **there))
    assert found["AssociatePublicIpAddress"] is False
    assert "Ipv6AddressCount" not in found
    cloud.client("ec2").modify_subnet_attribute(
        SubnetId=network.subnet, AssignIpv6AddressOnCreation={"Value": True}
    )
    assert launching(stack, settled(stack, **there))["Ipv6AddressCount"] == 0


def test_a_private_instance_is_known_by_its_private_address(
    grouped: Stack, cloud: StrictCloud
) -> None:
    assert grouped.wanted
    private = replace(grouped, wanted=replace(grouped.wanted, shape=PRIVATE))
    made = instance.create(private)
    while made.state != "running":
        made = instances.now(private, made.id)
    [reservation] = cloud.client("ec2").describe_instances(InstanceIds=[made.id])["Reservations"]
    [found] = reservation["Instances"]
    assert "PublicIpAddress" not in found
    assert (made.address, made.dns) == (found["PrivateIpAddress"], found["PrivateDnsName"])
    assert made.shape == PRIVATE


def test_an_instances_addresses_are_read_as_aws_describes_them() -> None:
    found = {
        "InstanceId": "i-1",
        "State": {"Name": "running"},
        "InstanceType": "t3.micro",
        "PublicIpAddress": "203.0.113.7",
        "PublicDnsName": "ec2.example",
        "PrivateIpAddress": "10.0.0.7",
        "PrivateDnsName": "ip-10-0-0-7.ec2.internal",
        "Ipv6Address": "2600:1f18::7",
    }
    public = instances.record(found)
    assert (public.address, public.dns) == ("203.0.113.7", "ec2.example")
    assert public.ipv6 == "2600:1f18::7"
    tags = [{"Key": SHAPE_TAG, "Value": PRIVATE.tag}]
    private = instances.record({**found, "Tags": tags})
    assert (private.address, private.dns) == ("10.0.0.7", "ip-10-0-0-7.ec2.internal")


def test_a_subnet_without_ipv4_is_no_place(stack: Stack, cloud: StrictCloud) -> None:
    def native(call: Call, ask: Ask) -> Answer:
        answer = ask()
        if call.operation != "DescribeSubnets":
            return answer
        flag = b"<ipv6Native>true</ipv6Native>"
        return replace(answer, body=answer.body.replace(b"<ipv6Native>false</ipv6Native>", flag))

    with cloud.also(native), pytest.raises(BadOption, match="has no subnet"):
        settled(stack)


def test_the_price_of_a_private_server_is_without_a_public_address(stack: Stack) -> None:
    assert stack.wanted
    private = replace(stack, wanted=replace(stack.wanted, shape=PRIVATE))
    assert "public address" in plan.cost(stack)
    assert "public address" not in plan.cost(private)
    assert plan.cost(stack).split()[1:2] == ["0.39"]
    assert plan.cost(private).split()[1:2] == ["0.27"]


def test_a_route_into_the_void_is_no_way_out(
    stack: Stack, cloud: StrictCloud, network: Network
) -> None:
    def void(call: Call, ask: Ask) -> Answer:
        answer = ask()
        if call.operation != "DescribeRouteTables":
            return answer
        return replace(answer, body=answer.body.replace(b"active<", b"blackhole<"))

    behind_nat(cloud, network)
    with cloud.also(void), pytest.raises(BadOption, match="No default route"):
        settled(stack, vpc_id=network.vpc, address="private")
