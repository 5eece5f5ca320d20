"""From one MLflow to another, and back: at any moment the host's note tells which way to go on.

The databases that a server may write to are never thrown away: what the new one took in before it
was left is in a backup of its own.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops.backup import keeping, layout, streams
from mlflow_ops.errors import CommandFailed, MlflowOpsError
from mlflow_ops.server import installing, keeping_up, proving, serving
from mlflow_ops.upgrading import note, trial

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack
    from mlflow_ops.upgrading.note import Note

STOP_DEADLINE = 60.0
MIGRATE_DEADLINE = 3600.0


def stop(stack: Stack) -> None:
    """Stop the server, and then the backup, which sees the last of its changes."""
    stack.host().run(keeping_up.stop(), deadline=STOP_DEADLINE)
    streams.pause(stack)


def tried(stack: Stack, now: Note) -> None:
    """Bring a copy of the databases up to date with the new MLflow; the server is stopped."""
    host = stack.host()
    host.run(trial.copy(), deadline=MIGRATE_DEADLINE)
    try:
        host.run(trial.migrate(now.new), deadline=MIGRATE_DEADLINE)
    except CommandFailed as error:
        raise MlflowOpsError(f"it cannot bring the database up to date.\n{error}") from error
    if other := _difference(stack, serving.DATA, trial.STAGED):
        raise MlflowOpsError(f"it would lose data in bringing the database up to date: {other}.")


def forward(stack: Stack, now: Note) -> None:
    """Put the new databases and the new MLflow in place, and see that they work together."""
    host = stack.host()
    replace(now, phase=note.PLACING).write(host)
    # Else they are in place already: a restore that came in between has settled it.
    if keeping.ask(stack, "look")["staged"]:
        keeping.ask(stack, "place")
    installing.use(host, now.new)
    streams.begin(stack)
    host.run(keeping_up.start(), deadline=STOP_DEADLINE)
    check(stack)
    note.forget(host)
    keeping.ask(stack, "settle")


def back(stack: Stack, now: Note) -> str:
    """Go back to the old MLflow with the old databases, and see that they work.

    Returns the name of the backup that holds what the new one may have taken in meanwhile, if any.
    """
    host, kept = stack.host(), ""
    if now.phase == note.TRYING:
        streams.resume(stack)
    else:
        stop(stack)
        installing.use(host, now.old)
        kept = _kept(stack) if now.phase == note.PLACING else ""
        replace(now, phase=note.LEAVING).write(host)
        keeping.ask(stack, "put-back")
        streams.begin(stack)
    host.run(keeping_up.start(), deadline=STOP_DEADLINE)
    note.forget(host)
    keeping.ask(stack, "settle")
    check(stack)
    return kept


def check(stack: Stack) -> None:
    """Wait until a client through the public URL gets experiments and runs, with its login.

    Raises MlflowOpsError, with the server's last words, when it does not.
    """
    try:
        proving.prove(stack)
    except MlflowOpsError as error:
        raise MlflowOpsError(f"its server does not answer as it should: {error}") from error


def _kept(stack: Stack) -> str:
    """Back up the databases in place, if they are the new ones.

    Always, since no comparison of ours would see all that a server may have taken in: a new tag, a
    tag's new value, a new kind of thing.
    """
    if not keeping.ask(stack, "look")["replaced"]:
        return ""
    name = f"left-{layout.stamp(stack.aws.now())}".lower()
    with suppress(MlflowOpsError):  # the data from before is what has to be there again
        keeping.take(stack, name, "before-restore")
        return name
    return ""


def _difference(stack: Stack, before: str, after: str) -> str:
    return stack.host().ask(trial.difference(before, after), deadline=MIGRATE_DEADLINE).strip()
