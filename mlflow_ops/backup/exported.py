"""Which backup an export is made of: one that is taken for it, or the newest there is."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import botocore.exceptions as sdk

from mlflow_ops.backup import keeping, layout, leaving, sources
from mlflow_ops.errors import BadOption, NotReady
from mlflow_ops.records import Instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.backup.manifest import Manifest
    from mlflow_ops.stack import Stack


@contextlib.contextmanager
def backup(stack: Stack, which: str | None) -> Iterator[Manifest]:
    """Give the backup to export: one of this name, else one taken now, which goes at the end.

    Where no host runs it is the newest there is. Raises BadOption for a name that is not there,
    and NotReady when there is nothing to export.
    """
    if which:
        found = sources.chosen(stack, which)
        if found.manifest is None:
            raise BadOption(
                "What is exported is a backup by its name: `mlflow-ops backups` lists them."
            )
        yield found.manifest
        return
    instance = stack.get(Instance)
    if instance is None or instance.state != "running":
        yield _newest(stack)
        return
    taken = keeping.take(stack, leaving.named(stack, "export"), "export")
    try:
        yield taken
    except BaseException:
        with contextlib.suppress(sdk.ClientError, sdk.BotoCoreError):  # the first error counts
            forget(stack, taken)
        raise
    forget(stack, taken)


def _newest(stack: Stack) -> Manifest:
    held = leaving.newest(stack)
    if held is None:
        raise NotReady(
            "There is nothing to export: no instance runs, and the bucket has no backup. "
            "`mlflow-ops start` or `mlflow-ops up` brings the server back, if there was one."
        )
    stack.voice.say(f"No instance runs: the newest backup is exported, {held.name}.")
    end = max((each.end for each in sources.streams(stack)), default=held.taken)
    if end > held.taken + leaving.SAME:
        stack.voice.say(
            f"What came after it, until {end:%Y-%m-%d %H:%M:%S} UTC, is in the continuous backup "
            "alone: `mlflow-ops start` or `mlflow-ops up`, and another export, has that too."
        )
    return held


def forget(stack: Stack, taken: Manifest) -> None:
    """Remove a backup that was only a way in or out; without its manifest it is none."""
    for name in (layout.MANIFEST, *(f"{each}.gz" for each in taken.files)):
        key = f"{layout.NAMED}/{taken.name}/{name}"
        stack.aws.s3.delete_object(Bucket=stack.names.bucket, Key=key)
