"""Launching the machine through the test cloud, and SSH into it, as a test's own client does."""

from __future__ import annotations

import io
import socket
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import paramiko

from mlflow_ops import wait

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import InstanceTypeDef

    from .kinds import Machine

AMI = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"


@dataclass(frozen=True)
class Launched:
    """An instance of the test cloud and the private key that opens it."""

    id: str
    key: paramiko.PKey

    def look(self) -> InstanceTypeDef:
        """Return what EC2 says of it."""
        found = boto3.client("ec2").describe_instances(InstanceIds=[self.id])
        return found["Reservations"][0]["Instances"][0]


def launch(user_data: str = "", name: str = "launch") -> Launched:
    """Launch an instance with a new key pair; the name is its token too."""
    ec2 = boto3.client("ec2")
    ec2.delete_key_pair(KeyName=name)
    material = ec2.create_key_pair(KeyName=name, KeyType="ed25519")["KeyMaterial"]
    ami = boto3.client("ssm").get_parameter(Name=AMI)["Parameter"]["Value"]
    made = ec2.run_instances(
        ImageId=ami,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        KeyName=name,
        UserData=user_data,
        ClientToken=name,
    )
    key = paramiko.Ed25519Key.from_private_key(io.StringIO(material))
    return Launched(made["Instances"][0]["InstanceId"], key)


def answering(machine: Machine) -> str:
    """Wait until its sshd says who it is, and return that."""
    return wait.until("sshd", lambda: banner(machine.address), deadline=60, pause=0.05, longest=0.2)


def banner(address: str) -> str:
    """Return what sshd says first at an address, or nothing when there is none."""
    with suppress(OSError), closing(socket.create_connection((address, 22), timeout=2)) as sock:
        return sock.recv(100).decode(errors="replace")
    return ""


def answers(address: str, port: int) -> bool:
    """Whether something listens there."""
    with suppress(OSError), closing(socket.create_connection((address, port), timeout=2)):
        return True
    return False


def ssh(machine: Machine, key: paramiko.PKey, command: str) -> str:
    """Return what the `ubuntu` user's command prints; raise paramiko's errors."""
    transport = paramiko.Transport((machine.address, 22))
    with closing(transport):
        transport.connect(username="ubuntu", pkey=key)
        with closing(transport.open_session(timeout=60)) as channel:
            channel.settimeout(30)
            channel.set_combine_stderr(True)
            channel.exec_command(command)
            return channel.makefile().read().decode()
