"""Which environment the host uses, and which one it is to use instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops import commands, environments, lock
from mlflow_ops.backup import revisions
from mlflow_ops.errors import BadOption, CommandFailed, MlflowOpsError, NotReady
from mlflow_ops.server import installing
from mlflow_ops.upgrading import trial

if TYPE_CHECKING:
    from mlflow_ops.environments import Environment
    from mlflow_ops.stack import Stack

RESOLVE_DEADLINE = 120.0


@dataclass(frozen=True)
class Present:
    """The environment in use, and what is noted of an upgrade that broke off."""

    environment: Environment
    pinned: bool
    note: str


def check(version: str | None) -> None:
    """Raise BadOption for what cannot be a version of MLflow."""
    if version is not None and not environments.VERSION.fullmatch(version):
        raise BadOption(f"{version!r} is no version of MLflow, such as {shipped().version}.")


def shipped() -> Environment:
    """Return the environment of the shipped lock."""
    return environments.shipped()


def present(stack: Stack) -> Present:
    """Return what the host uses; raise NotReady when its software is not there."""
    facts = commands.parse_facts(stack.host().ask(commands.facts()))
    if not (facts.get("environment") and facts.get("mlflow") and facts.get("lock")):
        raise NotReady(
            f"The host of the stack {stack.names.stack!r} has no MLflow yet: `mlflow-ops up` "
            "installs it."
        )
    used = environments.of(facts["mlflow"], facts["lock"])
    return Present(used, facts.get("unpinned") != "1", facts.get("upgrading", ""))


def target(stack: Stack, version: str | None, used: Present) -> Environment:
    """Return the environment that is wanted, installed beside the one in use.

    From the shipped lock where that has the version; else one that is there already, as the one
    that was in use before; else what the package index has for it now.
    """
    host, ours = stack.host(), shipped()
    if version is None or version == ours.version:
        if used.environment == ours:
            return ours
        return _installed(stack, lock.text(lock.MLFLOW))
    if version == used.environment.version:
        return used.environment
    there = installing.complete(host, version)
    return there[0] if there else _installed(stack, _resolved(stack, version))


def _installed(stack: Stack, text: str) -> Environment:
    """Install what this lock holds; nothing of it stays when that fails."""
    host, wanted = stack.host(), environments.from_lock(text)
    used = present(stack).environment
    try:
        installing.remove_all_but(host, used, wanted)  # the disk is small
        with installing.saying(f"install MLflow {wanted.version}", stack):
            return installing.install(host, text)
    except CommandFailed:
        installing.remove_all_but(host, used)
        raise


def _resolved(stack: Stack, version: str) -> str:
    """Ask the package index what this version takes, and return that as a lock."""
    try:
        printed = stack.host().ask(environments.resolve(version), deadline=RESOLVE_DEADLINE)
    except CommandFailed as error:
        why = commands.meaning(str(error)) or "the package index does not have all that it takes"
        raise MlflowOpsError(f"MLflow {version} cannot be installed: {why}.\n{error}") from error
    return environments.resolved(printed)


def check_database(stack: Stack, used: Environment, new: Environment) -> None:
    """Raise MlflowOpsError for a database that only a newer MLflow understands."""
    host = stack.host()
    if host.ask(f"{trial.IS_THERE} && {trial.knows(new)} || true").strip() == revisions.NEWER:
        installing.remove_all_but(host, used)
        raise MlflowOpsError(
            f"MLflow {new.version} is too old for the database, which MLflow {used.version} has "
            "written: nothing was changed, and the server goes on with that. An older one can "
            "only begin anew, on another stack."
        )
