"""The last backup of a stack whose data is kept: without it nothing else is destroyed."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.backup import keeping, layout, sources
from mlflow_ops.errors import HostFailed, MlflowOpsError
from mlflow_ops.records import Instance
from mlflow_ops.server import keeping_up
from mlflow_ops.server.serving import DATA
from mlflow_ops.steps.instance import AT_REST

if TYPE_CHECKING:
    from mlflow_ops.backup.manifest import Manifest
    from mlflow_ops.stack import Stack

# A stream's end is S3's time and a backup's the host's; what is older by less may be the same.
SAME = timedelta(seconds=5)
HAS_DATABASE = f"[ ! -e {DATA}/{layout.MLFLOW_DB} ] || echo yes"
STOP_DEADLINE = 120.0


def newest(stack: Stack) -> Manifest | None:
    """Return the newest backup of its own that is good; None without one, or without a bucket."""
    try:
        return next(iter(sources.every(stack).good), None)
    except sdk.ClientError as error:
        if code(error) != "NoSuchBucket":
            raise
        return None


def last_backup(stack: Stack) -> Manifest | None:
    """Stop the server, take the last backup and prove it; return it, or None without a database.

    What cannot be asked for it any more must have been in a backup before. Raises MlflowOpsError
    when there is no such backup, or it cannot be taken: then the server runs on.
    """
    instance = stack.get(Instance)
    if instance is None:
        return _taken_before(stack, "The stack has no instance.", must=False)
    if instance.state in AT_REST:
        return _taken_before(stack, "The stack is stopped: `mlflow-ops start` first.", must=True)
    try:
        host = stack.host()
        if not host.ask(HAS_DATABASE).strip():
            return newest(stack)
    except HostFailed as error:
        return _taken_before(stack, str(error), must=True)
    try:
        host.run(keeping_up.stop(), deadline=STOP_DEADLINE)
        return keeping.take(stack, named(stack, "kept"), "kept")
    except BaseException as error:
        with contextlib.suppress(HostFailed):  # what failed first is what the user must hear of
            host.run(keeping_up.start(), deadline=STOP_DEADLINE)
        if isinstance(error, MlflowOpsError):
            raise _refused(stack, str(error)) from error
        raise


def named(stack: Stack, kind: str) -> str:
    """Return the name for a backup that is taken now: its kind, and when."""
    return f"{kind}-{layout.stamp(stack.aws.now()).lower()}"


def _taken_before(stack: Stack, why: str, *, must: bool) -> Manifest | None:
    """Return the newest backup when nothing is newer; raise MlflowOpsError when something is."""
    held, ends = newest(stack), [each.end for each in sources.streams(stack)]
    if held is None and not ends and not must:
        return None
    if held and all(held.taken + SAME >= end for end in ends):
        return held
    raise _refused(stack, why)


def _refused(stack: Stack, why: str) -> MlflowOpsError:
    held = sources.latest(stack)
    since = f"is of {held.moment:%Y-%m-%d %H:%M:%S} UTC" if held else "is none"
    return MlflowOpsError(
        f"The last backup cannot be taken, so nothing was removed: {why} The newest backup in the "
        f"bucket {since}. Put that right (`mlflow-ops status`, `mlflow-ops up`), or give up what "
        "came after it: `mlflow-ops down --keep-data --no-backup`."
    )
