"""SSH into a real host: it is known before the first connection, and soon by a key of its own."""

from __future__ import annotations

import json
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import boto3
import paramiko
import pytest

from mlflow_ops import wait
from mlflow_ops.aws import Aws
from mlflow_ops.ec2 import instances
from mlflow_ops.errors import CommandFailed, HostUnreachable
from mlflow_ops.folder import Folder
from mlflow_ops.names import Names
from mlflow_ops.records import Instance, SecurityGroup
from mlflow_ops.stack import Stack
from mlflow_ops.steps import host_key, instance, key_pair, security_group
from mlflow_ops.target import AwsFiles, Ports, Target
from mlflow_ops.wanted import Wanted

from .cloud import REGION
from .launch import AMI

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .cloud import Cloud

PASSWORD = "letmein"
BOOTED = "systemctl show -p UserspaceTimestamp --value"
USER_DATA = "/var/lib/cloud/instance/user-data.txt"


@pytest.fixture
def stack(machine_cloud: Cloud, tmp_path: Path) -> Iterator[Stack]:
    """Give a stack whose instance has just been launched."""
    aws = Aws(machine_cloud.strict.session, REGION, machine_cloud.endpoint)
    files = AwsFiles(tmp_path / "credentials", tmp_path / "config")
    target = Target("aws", aws, files, Ports(), lambda: "127.0.0.1")
    subnet = aws.ec2.describe_subnets()["Subnets"][0]
    wanted = Wanted(
        instance_type="t3.micro",
        allow=("127.0.0.0/8",),
        ami=boto3.client("ssm").get_parameter(Name=AMI)["Parameter"]["Value"],
        vpc_id=subnet["VpcId"],
        subnet_id=subnet["SubnetId"],
    )
    names = Names("mlflow", target.account, REGION)
    made = Stack(names, target, Folder(tmp_path / "ops"), wanted)
    key_pair.create(made)
    made = made.knows(SecurityGroup(security_group.create(made).id))
    made = made.knows(instance.create(made))
    wait.until("the host", lambda: connected(now(made)), deadline=60)
    yield now(made)
    made.hang_up()


def now(stack: Stack) -> Stack:
    """Return the stack with its instance as AWS tells of it now."""
    return stack.knows(instances.now(stack, stack.need(Instance).id))


def connected(stack: Stack) -> bool:
    """Whether the host lets us in."""
    try:
        stack.host()
    except HostUnreachable:
        return False
    return True


def booted(stack: Stack) -> str:
    """Return when the host has booted, asked over a new connection; nothing while it does."""
    stack.hang_up()
    try:
        return stack.host().run(BOOTED)
    except (HostUnreachable, CommandFailed):
        return ""


def shows(address: str, *kinds: str) -> str:
    """Return the key that sshd proves to have when it is asked for one of these kinds."""
    with closing(paramiko.Transport(socket.create_connection((address, 22), timeout=60))) as line:
        line.get_security_options().key_types = kinds
        line.start_client(timeout=60)
        return line.get_remote_server_key().get_base64()


def asked_for(address: str) -> list[str]:
    """Return what sshd asks for when it is offered the right password; nothing while it restarts.

    cloud-init restarts it once in the first seconds.
    """
    try:
        sock = socket.create_connection((address, 22), timeout=60)
        with closing(paramiko.Transport(sock)) as line:
            line.start_client(timeout=60)
            line.auth_password("ubuntu", PASSWORD, fallback=False)
    except paramiko.BadAuthenticationType as refusal:
        return list(refusal.allowed_types)
    except (OSError, EOFError, paramiko.SSHException):
        return []
    return ["nothing more"]


def check_passwords_are_refused(address: str) -> None:
    """See that a password is not even asked for."""
    found = wait.until("sshd", lambda: asked_for(address), deadline=60, pause=0.05)
    assert found == ["publickey"]


def test_the_launchs_key_is_known_at_once_and_gives_way_to_one_made_on_the_host(
    machine_cloud: Cloud, stack: Stack
) -> None:
    run, address = machine_cloud.machine.run, machine_cloud.machine.address
    [born] = stack.need(Instance).host_keys
    assert stack.need(Instance).born_key
    assert stack.host().shown == born
    run(f"usermod --password $(openssl passwd -6 {PASSWORD}) ubuntu")
    check_passwords_are_refused(address)
    found = host_key.find(stack)
    assert found
    assert found.missing
    made = host_key.create(stack)
    stack = now(stack)
    assert host_key.find(stack) == made
    [own] = stack.need(Instance).host_keys
    assert own != born
    assert stack.folder.known_hosts.read_text().split()[2:] == [own]
    assert not stack.folder.launch_host_key.exists()
    assert shows(address, "ssh-ed25519") == own
    with pytest.raises(paramiko.SSHException, match="no acceptable host key"):
        shows(address, "ecdsa-sha2-nistp256", "rsa-sha2-512")
    check_passwords_are_refused(address)
    # What is left of the launch's key is worthless.
    told = run(f"cat {USER_DATA}").partition("\n")[2]
    assert json.loads(told)["ssh_keys"]["ed25519_public"].split()[1] == born
    assert run("cd /etc/ssh && echo ssh_host_*").split() == [
        "ssh_host_ed25519_key",
        "ssh_host_ed25519_key.pub",
    ]
    assert own in run("cat /etc/ssh/ssh_host_ed25519_key.pub")
    before = stack.host().run(BOOTED)
    machine_cloud.machine.reboot()
    wait.until("the host again", lambda: booted(stack) not in {"", before}, deadline=60)
    assert stack.host().shown == own
    assert host_key.find(stack) == made
