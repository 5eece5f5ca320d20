"""A backup on the host, checked and fitted, before it takes the place of anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops.backup import installing, keeping, layout, revisions, stream_files
from mlflow_ops.backup.manifest import Counts
from mlflow_ops.errors import CommandFailed, MlflowOpsError
from mlflow_ops.server import accounts, vault

if TYPE_CHECKING:
    from mlflow_ops.backup.sources import Source
    from mlflow_ops.stack import Stack

UPGRADE_DEADLINE = 900.0


@dataclass(frozen=True)
class Staged:
    """What lies ready on the host; `users` tells whether the users' database is with it."""

    counts: Counts
    users: bool


def stage(stack: Stack, source: Source) -> Staged:
    """Fetch a backup to the host, check it, and fit it to the MLflow and the admin there.

    Raises MlflowOpsError for one that is damaged, or of a newer MLflow; touches no database in use.
    """
    if source.kind == "stream":
        installing.install(stack, stream_files.facts(stack))
    held = keeping.ask(stack, "stage", **source.settings)
    _fit(stack, source)
    users = layout.USERS_DB in held["files"]
    if users:
        keeping.ask(stack, "admin", password=_password(stack), place="staged")
    return Staged(Counts.of(held["counts"]), users)


def _again(source: Source) -> str:
    """Say how to come back to it; one that was imported goes when its restore fails."""
    if source.manifest and source.manifest.kind == "import":
        return "the same import"
    return f"`mlflow-ops restore {source.name}`"


def _fit(stack: Stack, source: Source) -> None:
    host = stack.host()
    compared = host.ask(revisions.compare()).strip()
    if compared == revisions.NEWER:
        made = f" {source.manifest.mlflow}" if source.manifest else ""
        raise MlflowOpsError(
            f"The backup {source.name} is of a newer MLflow{made} than the host has, which cannot "
            "read it; nothing was replaced. Take a newer MLflow first: `mlflow-ops up --fresh` "
            "where there is no server yet, `mlflow-ops upgrade --mlflow VERSION`, and then "
            f"{_again(source)}."
        )
    if compared == revisions.OLDER:
        stack.voice.say("The backup is of an older MLflow: its database is upgraded.")
        try:
            host.run(revisions.upgrade(), deadline=UPGRADE_DEADLINE)
        except CommandFailed as error:
            raise MlflowOpsError(
                f"The database of the backup {source.name} could not be brought up to the "
                f"present MLflow; nothing was replaced.\n{error}"
            ) from error


def _password(stack: Stack) -> str:
    """Return the admin's password in the vault; a new one of a server that asks for no login."""
    host = stack.host()
    held = vault.get(host, vault.ADMIN_PASSWORD)
    if not held:  # else nobody could log in once `up --auth` makes it ask
        held = accounts.generated()
        vault.put(host, vault.ADMIN_PASSWORD, held)
    return held
