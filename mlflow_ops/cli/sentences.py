"""What a command says when it ends: its error as one of ours, and cures for the same stack."""

from __future__ import annotations

import re
from textwrap import indent

from mlflow_ops import files
from mlflow_ops.cli import EXIT_CODES
from mlflow_ops.errors import MlflowOpsError

CURE = re.compile("`(mlflow-ops [^`]*)`")
SAME = ("--name", "--region", "--profile", "--sandbox", "--no-sandbox", "--local", "--no-local")


def addressed(sentence: str, same: str) -> str:
    """Return the sentence with each command in it meaning the same stack."""

    def whole(found: re.Match[str]) -> str:
        named = any(option in found[1] for option in SAME)
        return found[0] if named else f"`{found[1]}{same}`"

    return CURE.sub(whole, sentence)


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


def ended_with(example: str) -> str:
    """Return what every command's help ends with: an example as it looks on a terminal."""
    first, *more = (indent(part, "  ") for part in example.strip("\n").split("\n\n"))
    # Each part that click is not to fill up anew begins with its mark.
    shown = [f"\b\nExample:\n{first}", *(f"\b\n{part}" for part in more)]
    return "\n\n".join([*shown, EXIT_CODES])
