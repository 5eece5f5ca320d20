"""A stack on the strict cloud, with an SSH double behind its instances."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cloud import account, server
from doubles import ssh

from mlflow_ops.aws import Aws
from mlflow_ops.folder import Folder
from mlflow_ops.names import Names
from mlflow_ops.records import SecurityGroup
from mlflow_ops.stack import Stack
from mlflow_ops.target import AwsFiles, Ports, Target
from mlflow_ops.wanted import Wanted

if TYPE_CHECKING:
    from pathlib import Path

    from types_boto3_ec2.type_defs import FilterTypeDef

StackOf = Callable[..., Stack]


@pytest.fixture
def host(cloud: server.StrictCloud, tmp_path: Path) -> Iterator[ssh.SshDouble]:
    """Serve SSH for whoever has the key of a live instance."""
    with ssh.running(tmp_path / "host", cloud.endpoint) as double:
        yield double


@pytest.fixture
def stack_of(cloud: server.StrictCloud, tmp_path: Path) -> StackOf:
    """Make a stack that wants the usual things, on the empty cloud."""

    def make(name: str = "mlflow", region: str = "us-east-1", **changes: object) -> Stack:
        clients = Aws(cloud.session, region, cloud.endpoint)
        files = AwsFiles(tmp_path / "aws" / "credentials", tmp_path / "aws" / "config")
        # SSH and the server are at ports where nobody listens unless a test says otherwise.
        target = Target("aws", clients, files, Ports(9, 9), lambda: "203.0.113.7")
        wanted = Wanted(
            instance_type="t3.micro",
            allow=("203.0.113.7/32",),
            ami=account.IMAGE,
            vpc_id=_default_vpc(clients),
            subnet_id=_subnet(clients),
        )
        names = Names(name, target.account, region)
        stack = Stack(names, target, Folder(tmp_path / "ops" / name), wanted)
        return replace(stack, **changes)  # type: ignore[arg-type]  # whatever the test changes

    return make


@pytest.fixture
def stack(stack_of: StackOf) -> Stack:
    """Return a stack that wants the usual things."""
    return stack_of()


@pytest.fixture
def grouped(stack: Stack) -> Stack:
    """Return a stack with a security group and a key pair, ready for an instance."""
    from mlflow_ops.steps import key_pair, security_group  # noqa: PLC0415 - only these tests need them

    key_pair.create(stack)
    return stack.knows(SecurityGroup(security_group.create(stack).id))


def _default_vpc(clients: Aws) -> str:
    return clients.ec2.describe_vpcs()["Vpcs"][0]["VpcId"]


def _subnet(clients: Aws) -> str:
    # Not every zone has every type, on AWS and on moto.
    zone: FilterTypeDef = {"Name": "availability-zone", "Values": [f"{clients.region}a"]}
    return clients.ec2.describe_subnets(Filters=[zone])["Subnets"][0]["SubnetId"]
