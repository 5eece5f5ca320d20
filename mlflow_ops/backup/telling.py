"""What `status` tells of the continuous backup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops.records import Backup

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

# The continuous backup reaches back for a day alone.
DAILY = (
    "Warning: the last daily backup on the host failed: nothing older than a day can be had back "
    "but by the backups that `mlflow-ops backups` lists. `mlflow-ops backup` takes one now, or "
    "shows why it fails; often the disk is full. This goes when the next daily one succeeds."
)


def warning(stack: Stack) -> str:
    """Say what is wrong with the continuous backup, if anything is."""
    found = stack.get(Backup)
    if found is None:
        return "Warning: nothing backs up the runs and models: `mlflow-ops up` begins it."
    said = (_stale(stack, found) if found.stale else "", DAILY if found.daily_failed else "")
    return "\n".join(filter(None, said))


def _stale(stack: Stack, found: Backup) -> str:
    return (
        f"Warning: the backup is {found.detail}. What was logged since it last caught up is on "
        "the instance alone: `mlflow-ops up` starts a backup that does not run, and the host has "
        f"to reach s3://{stack.names.bucket}."
    )


def document(stack: Stack) -> dict[str, Any] | None:
    """Return what `status --json` prints of it; None when there is none."""
    found = stack.get(Backup)
    if found is None:
        return None
    return {
        "stream": found.id,
        "behind_seconds": found.behind,
        "stale": found.stale,
        "daily_failed": found.daily_failed,
    }
