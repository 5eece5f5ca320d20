"""Every error that ends a command, as one of ours with a sentence for the user."""

from __future__ import annotations

from mlflow_ops import files
from mlflow_ops.errors import MlflowOpsError


def known(error: Exception) -> MlflowOpsError:
    """Return the error as one of ours, with a sentence for the user."""
    if isinstance(error, MlflowOpsError):
        return error
    from mlflow_ops.refusals import FAILURES, explain  # noqa: PLC0415 - 0.1 s, on errors alone

    if isinstance(error, FAILURES):
        return explain(error)
    if isinstance(error, OSError) and error.errno in files.FULL:
        where = f" ({error.filename})" if error.filename else ""
        return MlflowOpsError(
            f"The disk is full{where}: make room, and run the same command again."
        )
    if isinstance(error, OSError) and error.filename:
        return MlflowOpsError(
            f"{error.filename}: {error.strerror}. Put that right, and run the same command again."
        )
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return MlflowOpsError(f"{words} (say --debug for the traceback)")
