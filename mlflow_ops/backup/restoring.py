"""Putting a backup in the place of what the server holds, and back again if that fails.

A kill at any point leaves the databases as they were or as they are to be, which `mend` tells by
what the keeper has left: https://www.sqlite.org/howtocorrupt.html says what it must not be.
Each database has a stream of its own from before its server is started, so that nothing is taken
in without a backup; the stream of what is put back is the newer one, from which a lost instance
comes back, and what the other has taken in can be had back by its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops.backup import keeping, layout, staging, streams
from mlflow_ops.commands import FOLDER, UPGRADING
from mlflow_ops.errors import MlflowOpsError, NotReady
from mlflow_ops.refusals import FAILURES, words
from mlflow_ops.server import keeping_up, proving

if TYPE_CHECKING:
    from mlflow_ops.backup.manifest import Manifest
    from mlflow_ops.backup.sources import Source
    from mlflow_ops.backup.staging import Staged
    from mlflow_ops.stack import Stack

KIND = "before-restore"
# Says that databases were replaced, and neither settled nor put back since.
UNSETTLED = f"[ ! -e {FOLDER}/replaced/about.json ] || echo yes"
SYNC_TIMEOUT = 30
EXPECTED = (MlflowOpsError, *FAILURES, OSError)


@dataclass(frozen=True)
class Restored:
    """What a restore came to: what is there now, and the backup of what was there before."""

    staged: Staged
    before: str


def begin(stack: Stack, source: Source) -> Staged:
    """Give a host without a database the one of a backup; the server is started by its step.

    Raises MlflowOpsError for a backup that is damaged or does not fit, with nothing put in place.
    """
    staged = staging.stage(stack, source)
    # Where somebody has removed the database of a server that runs, both still hold it open.
    halt(stack)
    keeping.ask(stack, "place")
    keeping.ask(stack, "settle")
    return staged


def restore(stack: Stack, source: Source) -> Restored:
    """Replace what the server holds by a backup, once that of what it holds was taken.

    Raises MlflowOpsError, saying why, with the server as it was before: at once for a backup that
    is damaged or does not fit, and after switching back when the server does not work with it.
    What interrupts the switch is raised again after that.
    """
    _check_no_upgrade(stack)
    if mend(stack):
        _go_on(stack)
    staged = staging.stage(stack, source)
    name = f"{KIND}-{layout.stamp(stack.aws.now()).lower()}"
    before = keeping.take(stack, name, KIND)
    stack.check_hold()
    try:
        _replace(stack, before)
    except BaseException as error:
        why = words(error).rstrip(".") if isinstance(error, EXPECTED) else "it was interrupted"
        _take_back(stack, why, before)
        if not isinstance(error, EXPECTED):
            raise
        said = f"The restore failed, and the server is as it was before: {why}."
        raise MlflowOpsError(said) from error
    keeping.ask(stack, "settle")
    return Restored(staged, name)


def _check_no_upgrade(stack: Stack) -> None:
    """Raise NotReady where an upgrade broke off: which MLflow goes with which database, it says."""
    if stack.host().ask(f"cat {UPGRADING} 2>/dev/null || true").strip():
        raise NotReady(
            "An upgrade of this stack's MLflow has broken off: `mlflow-ops upgrade` or "
            "`mlflow-ops up` ends it, and then the backup can be restored."
        )


def mend(stack: Stack) -> bool:
    """End what a restore that was killed has left; return whether there was anything.

    What it had put in place wholly stays, and what it had begun to is put back. The backup and the
    server are stopped after that: neither may go on where it was.
    """
    if stack.host().ask(UNSETTLED).strip() != "yes":
        return False
    halt(stack)
    keeping.put(stack)
    told = keeping.ask(stack, "look")
    on_the_way_back = layout.MLFLOW_DB not in told["replaced"]
    if told["staged"] or on_the_way_back:
        keeping.ask(stack, "put-back")
    keeping.ask(stack, "settle")
    return True


def _replace(stack: Stack, before: Manifest) -> None:
    """Switch to what is staged, and prove it."""
    stack.host().run(keeping_up.stop())
    synced = keeping.ask(stack, "sync", timeout=SYNC_TIMEOUT)
    # What was logged since the backup was taken is in the stream alone.
    if synced["why"] and not before.damaged:
        raise MlflowOpsError(f"The last changes did not reach the bucket: {synced['why']}.")
    streams.pause(stack)
    keeping.ask(stack, "place")
    _go_on(stack)
    proving.prove(stack)


def _take_back(stack: Stack, why: str, before: Manifest) -> None:
    """Switch back to what was there, and prove it; raise MlflowOpsError where that fails."""
    stack.voice.say("The server goes back to what it held before.")
    try:
        halt(stack)
        keeping.ask(stack, "put-back")
        _go_on(stack)
        keeping.ask(stack, "settle")
        proving.prove(stack)
    except EXPECTED as error:
        raise MlflowOpsError(
            f"The restore failed ({why}), and so did the way back: {words(error)} No data is "
            f"lost: `mlflow-ops up` goes on from there, and {before.name} holds all of before."
        ) from error


def halt(stack: Stack) -> None:
    """Stop the server, and then the backup, which has its last changes by then."""
    stack.host().run(keeping_up.stop())
    streams.pause(stack)


def _go_on(stack: Stack) -> None:
    """Start the backup, as a new stream's, and the server."""
    streams.begin(stack)
    stack.host().run(keeping_up.start())
