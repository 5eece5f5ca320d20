"""The software on the host: apt's pipenv, and MLflow in a pipenv environment from our lock."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow_ops import commands, lock
from mlflow_ops.errors import CommandFailed
from mlflow_ops.records import READY, Instance, Readiness, Record, Software
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.host import Host
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "pipenv environment with mlflow, awscli and boto3"
PLACE = "host"
DEADLINE = 60.0
FIRST_BOOT_DEADLINE = 600.0
APT_DEADLINE = 900.0
INSTALL_DEADLINE = 1200.0
ALLOWS: Allows = {}


def find(stack: Stack) -> Software | None:
    """Ask the host what is installed; None when it has no environment at all."""
    if stack.get(Instance) is None:
        return None
    facts = commands.parse_facts(stack.host().run(commands.facts()))
    missing = tuple(_lacking(facts))
    if not facts.get("environment"):
        return None
    return Software(_digest()[:12], missing=missing)


def plan(stack: Stack) -> str:  # noqa: ARG001 - the same for every stack
    """Say what would be made."""
    return "mlflow, awscli and boto3 from the hash-pinned lock, in ~/mlflow"


def create(stack: Stack) -> Software:
    """Install what is missing, and nothing that is there."""
    host = stack.host()
    host.on_line = stack.voice.show
    host.run(commands.WAIT_FOR_FIRST_BOOT, deadline=FIRST_BOOT_DEADLINE)
    lacking = _lacking(commands.parse_facts(host.run(commands.facts())))
    if "pipenv" in lacking:
        _apt(stack, host)
    if "lock" in lacking or "environment" in lacking:
        with _saying("make the pipenv environment", stack):
            _install(host)
    return Software(_digest()[:12])


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

    with _saying("install pipenv with apt", stack):
        until("apt's locks", installed, deadline=APT_DEADLINE, pause=1.0, clock=stack.clock)


def _install(host: Host) -> None:
    host.run(commands.MAKE_ENVIRONMENT, deadline=INSTALL_DEADLINE)
    host.put(f"{commands.FOLDER}/uv.txt", lock.text(lock.UV))
    host.run(commands.INSTALL_UV, deadline=INSTALL_DEADLINE)
    host.put(f"{commands.FOLDER}/requirements.new", lock.text(lock.MLFLOW))
    host.run(commands.INSTALL_LOCK, deadline=INSTALL_DEADLINE)


@contextmanager
def _saying(what: str, stack: Stack) -> Iterator[None]:
    """Put one sentence before the lines of a failed command: what failed, why, what next."""
    try:
        yield
    except CommandFailed as error:
        why = commands.meaning(str(error)) or "see its last lines"
        raise CommandFailed(
            f"The host could not {what}: {why}. Mend it and run the same command again; "
            f"all output is in {stack.folder.host_log}.\n{error}"
        ) from error


def _lacking(facts: dict[str, str]) -> list[str]:
    has = {
        "pipenv": bool(facts.get("pipenv") and facts.get("virtualenv")),
        "environment": bool(facts.get("environment")),
        "lock": facts.get("lock") == _digest(),
    }
    return [name for name, there in has.items() if not there]


def _digest() -> str:
    return hashlib.sha256(lock.text(lock.MLFLOW).encode()).hexdigest()
