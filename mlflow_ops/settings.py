"""What the user asked for: which stack, where, and what it should be like."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

from mlflow_ops.errors import BadOption
from mlflow_ops.lifetime import durations
from mlflow_ops.names import checked
from mlflow_ops.shape import DOMAIN

ANYWHERE = "0.0.0.0/0"
CHOOSABLE = ("instance_type", "subnet_id", "ami")
LIMITS = {"ttl": "--ttl", "idle_stop": "--idle-stop"}
# It goes into the proxy's settings: no quote, space, brace or dollar sign.
URL = re.compile(r"https://[A-Za-z0-9._~:/?#@!&()*+,;=%\[\]-]+")


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
    """Which stack is meant, and in which cloud. A region or profile of None is AWS's own choice.

    `local` is a server on this machine, with no cloud at all.
    """

    name: str = "mlflow"
    region: str | None = None
    profile: str | None = None
    sandbox: bool = False
    local: bool = False
    home: Path = field(default_factory=default_home)

    def __post_init__(self) -> None:
        checked(self.name)

    @property
    def every(self) -> Path:
        """Where each stack that is known here has a folder of its name, in the cloud meant."""
        return self.home / ("sandbox" if self.sandbox else "local" if self.local else "stacks")

    @property
    def folder(self) -> Path:
        """The local files of the stacks of this name, apart for each of the two clouds."""
        return self.every / self.name / "stack"

    @property
    def sandbox_folder(self) -> Path:
        """Where the sandbox of this name keeps itself."""
        return replace(self, sandbox=True).every / self.name / "cloud"

    @property
    def local_folder(self) -> Path:
        """Where the server of this name on this machine keeps all that it has."""
        return replace(self, sandbox=False, local=True).every / self.name


@dataclass(frozen=True)
class Options:
    """What `up` was told about the stack it should make; None leaves the choice to us.

    `keep_rules` leaves the firewall that stands as it is, whoever it lets in. `ttl` and `idle_stop`
    are lengths of time, or "off".
    """

    as_taught: bool = False
    allow: tuple[str, ...] = ()
    vpc_id: str | None = None
    subnet_id: str | None = None
    ami: str | None = None
    instance_type: str | None = None
    artifacts: str | None = None
    login: bool | None = None
    tls: bool | None = None
    domain: str | None = None
    acme_directory: str | None = None
    access: str | None = None
    address: str | None = None
    credentials: str | None = None
    elastic: bool | None = None
    restore: str | None = None
    fresh: bool = False
    keep_rules: bool = False
    ttl: str | None = None
    idle_stop: str | None = None

    @property
    def named(self) -> frozenset[str]:
        """Those of the choices that the user gave, which nothing else may take the place of."""
        return frozenset(name for name in CHOOSABLE if getattr(self, name))

    @property
    def let_in(self) -> tuple[str, ...]:
        """Whom they let in by name; nobody where that is to be whoever makes the stack."""
        open_by_name = self.as_taught and not self.keep_rules
        return self.allow or ((ANYWHERE,) if open_by_name else ())

    def __post_init__(self) -> None:
        object.__setattr__(self, "allow", tuple(dict.fromkeys(map(network, self.allow))))
        for name, option in LIMITS.items():
            if (said := getattr(self, name)) is not None:
                object.__setattr__(self, name, durations.canonical(said, option))
        if self.fresh and self.restore is not None:
            raise BadOption("--fresh begins empty, --restore with a backup: leave one of them out.")
        if self.domain is not None and not DOMAIN.fullmatch(self.domain):
            raise BadOption(
                f"--domain {self.domain!r} is not a domain name: write one like "
                "mlflow.example.org, in lower-case letters, digits, hyphens and dots, of 120 "
                "characters at most."
            )
        if self.acme_directory and not URL.fullmatch(self.acme_directory):
            raise BadOption(
                f"--acme-directory {self.acme_directory!r} is not the URL of a directory: write "
                "one like https://acme-staging-v02.api.letsencrypt.org/directory."
            )


def network(text: str) -> str:
    """Return an address range in its one canonical form; raise BadOption when it is none."""
    try:
        if "%" in text:  # an interface of one machine's own, in any characters
            raise ValueError("it names an interface")
        return str(ipaddress.ip_network(text.strip()))
    except ValueError as error:
        raise BadOption(
            f"--allow {text!r} is not an address range ({error}): "
            "write one like 203.0.113.7/32 or 198.51.100.0/24."
        ) from error
