"""A running sandbox as its user sees it."""

from __future__ import annotations

import contextlib
import functools
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import boto3
import paramiko
import psutil
from botocore.config import Config
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mlflow_ops.sandbox import processes
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from types_boto3_ec2 import EC2Client

    from mlflow_ops.sandbox import Sandbox

IMAGE = "ami-05a0000000000240a"
REGION = "eu-central-1"


def make_pem() -> str:
    """Make the private half of an SSH key that nobody else has."""
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    return pem.decode()


def make_key() -> paramiko.Ed25519Key:
    """Make an SSH key that nobody else has."""
    return paramiko.Ed25519Key.from_private_key(io.StringIO(make_pem()))


@dataclass
class Cloud:
    """A running sandbox, seen from the outside."""

    sandbox: Sandbox
    pem: str = field(default_factory=make_pem)

    @property
    def home(self) -> Path:
        """The host's home folder."""
        return self.sandbox.folder / "host"

    def client(
        self, service: str, region: str = REGION, key: str | None = None, **config: object
    ) -> Any:  # noqa: ANN401 - one method for the clients of all services
        """Return a boto3 client that signs with the owner's access key, or another."""
        named: Any = service
        settings: Any = {"retries": {"mode": "standard", "max_attempts": 1}, **config}
        return boto3.client(
            named,
            region_name=region,
            endpoint_url=self.sandbox.endpoint,
            aws_access_key_id=key or self.sandbox.access_key_id,
            aws_secret_access_key=self.sandbox.secret_access_key,
            config=Config(**settings),
        )

    @property
    def key(self) -> paramiko.Ed25519Key:
        """The key that instances are launched with."""
        return paramiko.Ed25519Key.from_private_key(io.StringIO(self.pem))

    @functools.cached_property
    def ec2(self) -> EC2Client:
        """EC2 in the usual region."""
        client: EC2Client = self.client("ec2")
        return client

    def launch(self, key: paramiko.Ed25519Key | None = None, name: str = "own") -> str:
        """Import the key pair, launch an instance with it, and return the instance's id."""
        key = key or self.key
        material = f"ssh-ed25519 {key.get_base64()}".encode()
        self.ec2.import_key_pair(KeyName=name, PublicKeyMaterial=material)
        made = self.ec2.run_instances(
            ImageId=IMAGE, InstanceType="t3.micro", KeyName=name, MinCount=1, MaxCount=1
        )
        return made["Instances"][0]["InstanceId"]

    def terminate(self, *ids: str) -> None:
        """Terminate instances."""
        self.ec2.terminate_instances(InstanceIds=list(ids))

    @contextlib.contextmanager
    def ssh(
        self, key: paramiko.PKey | None = None, user: str = "ubuntu", password: str | None = None
    ) -> Iterator[paramiko.SSHClient]:
        """Connect as the product does, trusting only the host key that the sandbox wrote down."""
        with paramiko.SSHClient() as client:
            written = (self.sandbox.folder / "ssh_host_ed25519_key.pub").read_text("utf-8")
            entry = paramiko.hostkeys.HostKeyEntry.from_line(
                f"[127.0.0.1]:{self.sandbox.ssh_port} {written}"
            )
            assert entry
            client.get_host_keys().add(entry.hostnames[0], entry.key.get_name(), entry.key)
            client.connect(
                "127.0.0.1",
                self.sandbox.ssh_port,
                username=user,
                password=password,
                pkey=None if password else key or self.key,
                allow_agent=False,
                look_for_keys=False,
                timeout=60,
            )
            yield client

    def run(self, command: str, stdin: bytes = b"") -> tuple[int, str, str]:
        """Run one command over SSH; return its exit status and what it printed."""
        with self.ssh() as client:
            sent, out, err = client.exec_command(command, timeout=120)
            sent.write(stdin)
            sent.channel.shutdown_write()
            printed, complained = out.read().decode(), err.read().decode()
            return out.channel.recv_exit_status(), printed, complained

    def read_pid(self, name: str) -> int:
        """Wait until a command has written its process id to a file in the home; return it."""
        file = self.home / name
        return until(name, lambda: file.exists() and int(file.read_text() or 0), deadline=60)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs."""
    return psutil.pid_exists(pid) and processes.is_alive(psutil.Process(pid))


def wait_until_gone(pid: int) -> None:
    """Wait until a process has ended."""
    until(f"the end of {pid}", lambda: not is_alive(pid), deadline=60, pause=0.02, longest=0.2)
