"""Stacks of other shapes from `up` to `down`, and from one shape to another."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.operator import Laptop
    from cloud.scene import Scene
    from cloud.wire import Answer, Ask, Call

# The fake host is at this machine's own address, and at no private one.
PRIVATE_ADDRESS = re.compile(rb"(?<=<privateIpAddress>)[^<]*")


def at_home(_: Call, ask: Ask) -> Answer:
    """Give instances a private address that leads to the fake host."""
    answer = ask()
    return replace(answer, body=PRIVATE_ADDRESS.sub(b"127.0.0.1", answer.body))


@contextmanager
def private_network(scene: Scene) -> Iterator[str]:
    """Give the id of a VPC with one subnet, whose way out is a NAT gateway."""
    ec2 = scene.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24", AvailabilityZone="us-east-1a")
    made = ec2.create_nat_gateway(SubnetId=subnet["Subnet"]["SubnetId"], ConnectivityType="private")
    only: Any = [{"Name": "vpc-id", "Values": [vpc]}]
    [table] = ec2.describe_route_tables(Filters=only)["RouteTables"]
    nat = made["NatGateway"]["NatGatewayId"]
    everywhere = "0.0.0.0/0"
    ec2.create_route(
        RouteTableId=table["RouteTableId"], DestinationCidrBlock=everywhere, NatGatewayId=nat
    )
    with scene.cloud.also(at_home):
        yield vpc


def told(scene: Scene, laptop: Laptop) -> Any:  # noqa: ANN401 - one JSON document
    run = scene.operator.run(laptop, "status", "--json")
    assert run.code == 0, run.output
    return json.loads(run.output[run.output.index("{") :])


def test_a_private_stack_lives_without_a_public_address(scene: Scene) -> None:
    laptop = scene.laptop()
    with private_network(scene) as vpc:
        words = ("--address", "private", "--vpc-id", vpc, "--allow", "10.0.0.0/8")
        run = scene.up(laptop, *words)
        assert run.code == 0, run.output
        [found] = scene.client("ec2").describe_instances()["Reservations"][-1]["Instances"]
        assert "PublicIpAddress" not in found
        assert told(scene, laptop)["tracking_uri"].startswith("https://127.0.0.1:")
        assert told(scene, scene.laptop())["state"] == "ready"
        again = scene.up(laptop)
        assert again.code == 0, again.output
        down = scene.down(laptop)
    assert down.code == 0, down.output
    assert not scene.holds().get("instances")


def test_a_tunnels_stack_stays_one_and_is_never_opened_by_a_plain_up(scene: Scene) -> None:
    laptop = scene.laptop()
    run = scene.up(laptop, "--access", "tunnel")
    assert run.code == 0, run.output
    assert ports(scene) == {laptop.ports.ssh}
    again = scene.up(laptop)
    assert again.code == 0, again.output
    assert ports(scene) == {laptop.ports.ssh}
    assert (told(scene, laptop)["access"], told(scene, laptop)["tracking_uri"]) == ("tunnel", None)
    opened = scene.up(laptop, "--access", "port")
    assert opened.code == 0, opened.output
    assert ports(scene) == {laptop.ports.ssh, laptop.ports.server}


@pytest.mark.parametrize("word", ["--no-auth", "--no-tls"])
def test_a_lock_that_was_left_out_comes_back_with_the_next_up(scene: Scene, word: str) -> None:
    laptop = scene.laptop()
    run = scene.up(laptop, word)
    assert run.code == 0, run.output
    assert told(scene, laptop)["state"] == "ready"
    before = scene.host.need().home.unit
    again = scene.up(laptop)
    assert again.code == 0, again.output
    after = scene.host.need().home.unit
    assert ("basic-auth" in before, "--ssl-certfile" in before) != (True, True)
    assert ("basic-auth" in after, "--ssl-certfile" in after) == (True, True)


def test_the_world_is_not_let_in_before_the_server_asks_for_a_login(scene: Scene) -> None:
    laptop = scene.laptop()
    assert scene.up(laptop, "--no-auth").code == 0
    run = scene.up(laptop, "--allow", "0.0.0.0/0")
    assert (run.code, "run `mlflow-ops up --auth` first" in run.output) == (2, True), run.output
    assert scene.up(laptop, "--auth").code == 0
    run = scene.up(laptop, "--allow", "0.0.0.0/0")
    assert run.code == 0, run.output


def ports(scene: Scene) -> set[int]:
    """Return the ports that the stack's security group opens."""
    ours: Any = [{"Name": "tag:mlflow-ops:stack", "Values": ["mlflow"]}]
    [group] = scene.client("ec2").describe_security_groups(Filters=ours)["SecurityGroups"]
    return {rule["FromPort"] for rule in group["IpPermissions"]}
