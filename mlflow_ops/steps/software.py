"""The software on the host: apt's pipenv, and MLflow in a pipenv environment from our lock."""

from __future__ import annotations

import hashlib
from importlib import resources
from typing import TYPE_CHECKING

from mlflow_ops import commands
from mlflow_ops.records import READY, Instance, Readiness, Record, Software

if TYPE_CHECKING:
    from mlflow_ops.host import Host
    from mlflow_ops.stack import Stack

PURPOSE = "pipenv environment with mlflow, awscli and boto3"
PLACE = "host"
DEADLINE = 60.0
FIRST_BOOT_DEADLINE = 600.0
APT_DEADLINE = 900.0
INSTALL_DEADLINE = 1200.0


def find(stack: Stack) -> Software | None:
    """Ask the host what is installed; None when it has no environment at all."""
    if stack.get(Instance) is None:
        return None
    facts = commands.parse_facts(stack.host().run(commands.facts()))
    missing = tuple(_lacking(facts))
    if not facts.get("environment"):
        return None
    return Software(_digest()[:12], missing=missing if stack.wanted else ())


def plan(stack: Stack) -> str:  # noqa: ARG001 - the same for every stack
    """Say what would be made."""
    return "mlflow, awscli and boto3 from the hash-pinned lock, in ~/mlflow"


def create(stack: Stack) -> Software:
    """Install what is missing, and nothing that is there."""
    host = stack.host()
    host.on_line = stack.voice.show
    host.run(commands.WAIT_FOR_FIRST_BOOT, deadline=FIRST_BOOT_DEADLINE)
    facts = commands.parse_facts(host.run(commands.facts()))
    lacking = _lacking(facts)
    if "pipenv" in lacking:
        host.run(commands.APT_INSTALL, deadline=APT_DEADLINE)
    if "mlflow" in lacking:
        host.run(commands.MAKE_ENVIRONMENT, deadline=INSTALL_DEADLINE)
    if "lock" in lacking:
        _install(host)
    return Software(_digest()[:12])


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - installed is ready
    """Tell that the software is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: the host's disk goes with its instance."""


def lock(name: str = "requirements.txt") -> str:
    """Return one of the lock files that ship with this package."""
    return (resources.files("mlflow_ops") / "lock" / name).read_text(encoding="utf-8")


def _install(host: Host) -> None:
    host.put(f"{commands.FOLDER}/uv.txt", lock("uv.txt"))
    host.run(commands.INSTALL_UV, deadline=INSTALL_DEADLINE)
    host.put(f"{commands.FOLDER}/requirements.new", lock())
    host.run(commands.INSTALL_LOCK, deadline=INSTALL_DEADLINE)


def _lacking(facts: dict[str, str]) -> list[str]:
    has = {
        "pipenv": bool(facts.get("pipenv") and facts.get("virtualenv")),
        "mlflow": bool(facts.get("environment")),
        "lock": facts.get("lock") == _digest(),
    }
    return [name for name, there in has.items() if not there]


def _digest() -> str:
    return hashlib.sha256(lock().encode()).hexdigest()
