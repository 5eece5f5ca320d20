"""What the user asked for: which stack, where, and what it should be like."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from mlflow_ops.errors import BadOption
from mlflow_ops.names import checked


def default_home() -> Path:
    """Return where our local files live: MLFLOW_OPS_HOME, else ~/.mlflow-ops.

    Raises BadOption where the user has no home folder, as in some containers.
    """
    asked = os.environ.get("MLFLOW_OPS_HOME") or "~/.mlflow-ops"
    try:
        return Path(asked).expanduser().absolute()
    except RuntimeError as error:
        raise BadOption(
            f"There is no home folder known for {asked}: set MLFLOW_OPS_HOME to a folder for our "
            "files, and HOME for the AWS ones."
        ) from error


@dataclass(frozen=True)
class Settings:
    """Which stack is meant, and in which cloud. A region or profile of None is AWS's own choice."""

    name: str = "mlflow"
    region: str | None = None
    profile: str | None = None
    sandbox: bool = False
    home: Path = field(default_factory=default_home)

    def __post_init__(self) -> None:
        checked(self.name)

    @property
    def folder(self) -> Path:
        """The local files of the stacks of this name, apart for each of the two clouds."""
        return self.home / ("sandbox" if self.sandbox else "stacks") / self.name / "stack"

    @property
    def sandbox_folder(self) -> Path:
        """Where the sandbox of this name keeps itself."""
        return self.home / "sandbox" / self.name / "cloud"


@dataclass(frozen=True)
class Options:
    """What `up` was told about the stack it should make; None leaves the choice to us."""

    as_taught: bool = False
    allow: tuple[str, ...] = ()
    vpc_id: str | None = None
    subnet_id: str | None = None
    ami: str | None = None
    instance_type: str | None = None
    direct_artifacts: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "allow", tuple(dict.fromkeys(map(network, self.allow))))


def network(text: str) -> str:
    """Return an address range in its one canonical form; raise BadOption when it is none."""
    try:
        return str(ipaddress.ip_network(text.strip()))
    except ValueError as error:
        raise BadOption(
            f"--allow {text!r} is not an address range ({error}): "
            "write one like 203.0.113.7/32 or 198.51.100.0/24."
        ) from error
