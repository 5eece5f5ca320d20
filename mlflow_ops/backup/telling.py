"""What `status` tells of the continuous backup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops.records import Backup

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack


def warning(stack: Stack) -> str:
    """Say what is wrong with the continuous backup, if anything is."""
    found = stack.get(Backup)
    if found is None:
        return "Warning: nothing backs up the runs and models: `mlflow-ops up` begins it."
    if not found.stale:
        return ""
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
    return {"stream": found.id, "behind_seconds": found.behind, "stale": found.stale}
