"""The software on the host: apt's pipenv, and MLflow in a pipenv environment from our lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import commands, environments, lock
from mlflow_ops.errors import CommandFailed
from mlflow_ops.records import READY, Instance, Readiness, Record, Software
from mlflow_ops.server import installing
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.host import Host
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "pipenv environment with mlflow, awscli and boto3"
PLACE = "host"
DEADLINE = 60.0
FIRST_BOOT_DEADLINE = 600.0
APT_DEADLINE = 900.0
ALLOWS: Allows = {}


def find(stack: Stack) -> Software | None:
    """Ask the host what is installed; None when it has no environment at all.

    One that `upgrade` has made, or an older one of ours, stays: another changes the database.
    """
    if stack.get(Instance) is None:
        return None
    facts = commands.parse_facts(stack.host().ask(commands.facts()))
    return _software(facts) if facts.get("environment") else None


def plan(stack: Stack) -> str:  # noqa: ARG001 - the same for every stack
    """Say what would be made."""
    return "mlflow, awscli and boto3 from the hash-pinned lock, in ~/mlflow"


def create(stack: Stack) -> Software:
    """Install what is missing, and nothing that is there; end an upgrade that broke off."""
    host = stack.host()
    host.on_line = stack.voice.show
    host.run(commands.WAIT_FOR_FIRST_BOOT, deadline=FIRST_BOOT_DEADLINE)
    facts = commands.parse_facts(host.ask(commands.facts()))
    if facts.get("upgrading"):
        from mlflow_ops import upgrading  # noqa: PLC0415 - it needs the steps after this one

        upgrading.mend(stack)
    lacking = _lacking(facts)
    if "pipenv" in lacking:
        _apt(stack, host)
    if "environment" in lacking:
        with installing.saying("make the pipenv environment", stack):
            made = installing.install(host, lock.text(lock.MLFLOW))
            installing.use(host, made)
    return _software(commands.parse_facts(host.ask(commands.facts())))


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - `find` has asked the host
    """Tell whether all of it is there."""
    return Readiness("pending", "not all of it is installed") if record.missing else READY


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: the host's disk goes with its instance."""


def _apt(stack: Stack, host: Host) -> None:
    """Install the packages, as soon as nobody else holds apt's locks."""

    def installed() -> bool:
        try:
            host.run(commands.APT_INSTALL, deadline=APT_DEADLINE)
        except CommandFailed as error:
            if any(sign in str(error) for sign in commands.LOCKED):
                stack.voice.show("another apt is at work on the host")
                return False
            raise
        return True

    with installing.saying("install pipenv with apt", stack):
        until("apt's locks", installed, deadline=APT_DEADLINE, pause=1.0, clock=stack.clock)


def _software(facts: dict[str, str]) -> Software:
    version, digest = facts.get("mlflow", ""), facts.get("lock", "")
    words, ours = f"mlflow {version or 'unknown'}", environments.shipped()
    if facts.get("unpinned") == "1":
        words += ", not pinned"
    elif version and environments.of(version, digest) != ours:
        words += f", from another lock: `mlflow-ops upgrade` takes {ours.version}"
    return Software(digest[:12] or "none", detail=words, missing=tuple(_lacking(facts)))


def _lacking(facts: dict[str, str]) -> list[str]:
    has = {
        "pipenv": bool(facts.get("pipenv") and facts.get("virtualenv")),
        # Its lock is there when all of it is.
        "environment": bool(facts.get("environment") and facts.get("lock")),
        "the end of an upgrade that broke off": not facts.get("upgrading"),
    }
    return [name for name, there in has.items() if not there]
