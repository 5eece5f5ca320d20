"""The cloud the steps talk to: AWS, or the sandbox on this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_ops import aws, files, places, sandbox
from mlflow_ops.config import region
from mlflow_ops.errors import BadOption, NotReady
from mlflow_ops.reach import address, domain_name
from mlflow_ops.sandbox import fresh

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_ops.settings import Settings

WILDCARD = "0.0.0.0"  # noqa: S104 - the server must be reached from outside; the security group decides by whom

UBUNTU = {"systemd": "running", "home": "/home/ubuntu", "sudo": "yes"}


@dataclass(frozen=True)
class AwsFiles:
    """Where the user's AWS profiles are kept."""

    credentials: Path
    config: Path


@dataclass(frozen=True)
class Ports:
    """Where the host listens: sshd's port, and the server's port and bind address."""

    ssh: int = 22
    server: int = 5000
    bind: str = WILDCARD


@dataclass(frozen=True)
class Target:
    """One cloud, one account, one region; nothing in it tells a step which cloud it is.

    `fresh` are the facts that a new host of its tells of itself.
    """

    kind: str
    aws: aws.Aws
    aws_files: AwsFiles
    ports: Ports
    own_address: Callable[[], str]
    route: Callable[[str], str] = address.towards
    resolve: Callable[[str], set[str]] = domain_name.addresses
    fresh: Callable[[], Mapping[str, str]] = UBUNTU.copy

    @property
    def is_sandbox(self) -> bool:
        """Whether it is no account at AWS, and so without bills, plans and quotas."""
        return self.kind == "sandbox"

    @property
    def account(self) -> str:
        """The account's number, 12 digits."""
        return self.aws.identity[0]

    @property
    def environment(self) -> dict[str, str]:
        """What another program needs in its environment to reach this cloud's S3."""
        found = {"AWS_REGION": self.aws.region, "AWS_DEFAULT_REGION": self.aws.region}
        if at := self.aws.endpoint:
            found |= {"AWS_ENDPOINT_URL": at, "MLFLOW_S3_ENDPOINT_URL": at}
            found["MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE"] = "path"
        return found


def reach(settings: Settings) -> Target:
    """Return the cloud that the settings name; raise NotReady for a sandbox that is not up."""
    return _sandbox(settings) if settings.sandbox else _aws(settings)


def _aws(settings: Settings) -> Target:
    clients = aws.connect(settings.region, settings.profile)
    credentials = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or "~/.aws/credentials"
    config = os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"
    found = AwsFiles(Path(credentials).expanduser(), Path(config).expanduser())
    return Target("aws", clients, found, Ports(), address.public)


def _sandbox(settings: Settings) -> Target:
    running = sandbox.find(settings.sandbox_folder)
    if running is None:
        gone = sandbox.remains(settings.sandbox_folder)
        state = "Its process is gone" if gone else "It is not running"
        raise NotReady(
            f"There is no sandbox for the stack {settings.name!r}. {state}: "
            "`mlflow-ops up` starts it afresh."
        )
    folder = settings.folder.parent / "aws"
    isolate(folder, running)
    clients = aws.connect(settings.region, None)
    clients = aws.Aws(clients.session, clients.region, running.endpoint)
    ports = Ports(running.ssh_port, running.server_port, "127.0.0.1")
    found = AwsFiles(folder / "credentials", folder / "config")
    target = Target("sandbox", clients, found, ports, lambda: "127.0.0.1", lambda _: "127.0.0.1")
    return replace(target, fresh=partial(fresh.facts, settings.sandbox_folder / "host"))


def isolate(folder: Path, running: sandbox.Sandbox) -> None:
    """Put the sandbox's AWS settings in the place of the user's, for this process alone."""
    for name in [n for n in os.environ if n.startswith("AWS_")]:
        del os.environ[name]
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1,localhost")))
    os.environ |= {
        "AWS_ENDPOINT_URL": running.endpoint,
        "MLFLOW_S3_ENDPOINT_URL": running.endpoint,
        "AWS_DEFAULT_REGION": region.FALLBACK,
        "AWS_ACCESS_KEY_ID": running.access_key_id,
        "AWS_SECRET_ACCESS_KEY": running.secret_access_key,
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"),
        "AWS_CONFIG_FILE": str(folder / "config"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def start_sandbox(settings: Settings) -> bool:
    """Return whether it had to be started; raise BadOption when its parts are not installed."""
    if not sandbox.installed():
        raise BadOption("--sandbox needs parts of its own: pip install 'mlflow-ops[sandbox]'.")
    if sandbox.find(settings.sandbox_folder):
        return False
    sandbox.start(settings.sandbox_folder)
    return True


def stop_sandbox(settings: Settings) -> None:
    """End the sandbox and everything it started, and remove what it and the stack on it wrote."""
    sandbox.stop(settings.sandbox_folder)
    folder = settings.folder.parent / "aws"
    for name in ("credentials", "config"):
        (folder / name).unlink(missing_ok=True)
    files.remove_empty(folder, settings.home)
    files.remove_empty(settings.sandbox_folder, settings.home)
    places.forget(settings)
