"""The zone, the instance type and the image that `up` chooses, and what it refuses beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cloud.images import UBUNTU
from cloud.rules.capacity import BY_ZONE

from mlflow_ops import wanted
from mlflow_ops.errors import BadOption
from mlflow_ops.records import SecurityGroup
from mlflow_ops.settings import Options

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.records import Record
    from mlflow_ops.stack import Stack
    from mlflow_ops.wanted import Wanted

ZONES = {offer["Location"] for offer in BY_ZONE["us-east-1"]}


def settled(
    stack: Stack,
    found: dict[type[Record], Record] | None = None,
    **options: Any,  # noqa: ANN401 - options of every kind
) -> Wanted:
    """Return what would be made with these options."""
    asked = Options(**options)
    first = wanted.first_thoughts(asked, stack.target)
    return wanted.settle(first, asked, stack.target, found or {})


def nowhere(*types: str) -> set[tuple[str, str]]:
    """Return what the cloud lacks when no zone has these types."""
    return {(name, zone) for name in types for zone in ZONES}


def test_the_usual_choice_takes_five_questions_and_knows_the_other_zones(
    stack: Stack, cloud: StrictCloud
) -> None:
    calls = []

    def listening(call: Call, ask: Ask) -> Answer:
        calls.append(call.operation)
        return ask()

    with cloud.also(listening):
        chosen = settled(stack)
    assert sorted(set(calls)) == [
        "DescribeInstanceTypeOfferings",
        "DescribeInstanceTypes",
        "DescribeSubnets",
        "DescribeVpcs",
        "GetParameter",
    ]
    assert len(calls) == 5
    assert (chosen.instance_type, chosen.ami) == ("t3.micro", UBUNTU["amd64"])
    assert chosen.subnet_id == chosen.places[0].id
    # No t3.micro is in us-east-1e, on AWS and on moto.
    assert [place.zone[-1] for place in chosen.places] == ["a", "b", "c", "d", "f"]


def test_a_zone_without_the_type_is_passed_over(stack: Stack, cloud: StrictCloud) -> None:
    cloud.capacity.lacking = {("t3.micro", "us-east-1a")}
    assert settled(stack).places[0].zone == "us-east-1b"


@pytest.mark.parametrize(
    ("options", "chosen"),
    [
        ({}, ("t4g.micro", UBUNTU["arm64"])),  # the cheapest, with an image for its processor
        ({"ami": UBUNTU["amd64"]}, ("t3.small", UBUNTU["amd64"])),
        ({"as_taught": True}, ("t4g.micro", UBUNTU["arm64"])),
    ],
)
def test_a_type_that_nobody_named_gives_way_to_one_that_there_is(
    stack: Stack, cloud: StrictCloud, options: dict[str, Any], chosen: tuple[str, str]
) -> None:
    cloud.capacity.lacking = nowhere("t2.micro", "t3.micro")
    cloud.capacity.free = ("t3.nano", "t3.small", "t4g.micro", "m7i-flex.large")
    found = settled(stack, **options)
    assert (found.instance_type, found.ami) == chosen
    assert "micro is offered in" in found.remark
    assert found.subnet_id


def test_our_usual_type_comes_before_a_cheaper_one(stack: Stack, cloud: StrictCloud) -> None:
    cloud.capacity.lacking = nowhere("t2.micro")
    cloud.capacity.free = ("t3.micro", "t4g.micro")
    assert settled(stack, as_taught=True).instance_type == "t3.micro"


def test_where_nothing_is_free_the_cheapest_known_price_is_taken(
    stack: Stack, cloud: StrictCloud
) -> None:
    cloud.capacity.lacking = nowhere("t3.micro", "t4g.micro")
    cloud.capacity.free = ("t3.micro",)
    assert settled(stack).instance_type == "t3a.micro"


@pytest.mark.parametrize("named", ["t3.micro", "t9.mega"])
def test_a_named_type_that_is_not_offered_is_refused_with_those_that_would_do(
    stack: Stack, cloud: StrictCloud, named: str
) -> None:
    cloud.capacity.lacking = nowhere("t3.micro")
    cloud.capacity.free = ("t3.nano", "t3.small", "t4g.micro")
    with pytest.raises(BadOption, match=rf"No {named} is .*us-east-1a.*: t4g.micro, t3.small\.$"):
        settled(stack, instance_type=named)


@pytest.fixture
def private(cloud: StrictCloud) -> tuple[str, str, str]:
    """Return a VPC of two subnets that give no address out unasked, and what they are called."""
    ec2 = cloud.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    one, two = (
        ec2.create_subnet(
            VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"us-east-1{zone}"
        )["Subnet"]["SubnetId"]
        for number, zone in enumerate("ab")
    )
    return vpc, one, two


def test_a_vpc_or_subnet_that_nobody_could_reach_is_refused_before_anything_is_made(
    stack: Stack, private: tuple[str, str, str]
) -> None:
    vpc, one, _ = private
    with pytest.raises(BadOption, match=f"{vpc} to an internet gateway"):
        settled(stack, vpc_id=vpc)
    with pytest.raises(BadOption, match=f"{one} to an internet gateway"):
        settled(stack, subnet_id=one)


@pytest.mark.parametrize("main", [True, False])
def test_a_route_to_an_internet_gateway_makes_a_subnet_good(
    stack: Stack, cloud: StrictCloud, private: tuple[str, str, str], *, main: bool
) -> None:
    (vpc, one, two), ec2 = private, cloud.client("ec2")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    of_vpc = [{"Name": "vpc-id", "Values": [vpc]}]
    tables = ec2.describe_route_tables(Filters=of_vpc)["RouteTables"]
    table = tables[0] if main else ec2.create_route_table(VpcId=vpc)["RouteTable"]
    ec2.create_route(
        RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
    )
    if not main:
        ec2.associate_route_table(RouteTableId=table["RouteTableId"], SubnetId=two)
    places = [place.id for place in settled(stack, vpc_id=vpc).places]
    assert places == ([one, two] if main else [two])
    assert settled(stack, subnet_id=two).subnet_id == two


def test_the_subnet_that_was_asked_for_is_the_only_place(stack: Stack) -> None:
    subnet = settled(stack).places[2].id
    assert [place.id for place in settled(stack, subnet_id=subnet).places] == [subnet]


def test_a_subnet_outside_the_standing_groups_vpc_is_refused(stack: Stack) -> None:
    subnet = settled(stack).subnet_id
    found: dict[type[Record], Record] = {SecurityGroup: SecurityGroup("sg-1", vpc_id="vpc-else")}
    with pytest.raises(BadOption, match="vpc-else"):
        settled(stack, found, subnet_id=subnet)
