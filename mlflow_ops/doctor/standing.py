"""Whether the stack's name is free, or what of the stack stands already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import elsewhere
from mlflow_ops.doctor.check import FAIL, OK, Finding, of
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.refusals import FAILURES, words
from mlflow_ops.steps import STEPS

if TYPE_CHECKING:
    from mlflow_ops.settings import Settings
    from mlflow_ops.stack import Stack


def name(stack: Stack, settings: Settings) -> Finding:
    """Tell what carries the name. Raises WrongPlace when the stack stands in another region."""
    found, errors = _found(stack)
    if len(errors) > 1:
        return Finding(FAIL, " ".join(words(each) for each in errors))
    if errors:
        return of(FAIL, errors[0])
    if not found:
        elsewhere.check(stack, settings)
        return Finding(OK, f"{stack.names.stack!r} is free in {stack.names.region}.")
    listed = ", ".join(f"{step} {each}" for step, each in found.items())
    return Finding(OK, f"{stack.names.stack!r} is there: {listed}. `up` mends what is missing.")


def _found(stack: Stack) -> tuple[dict[str, str], list[Exception]]:
    """Return the ids of what is there by step, and what kept us from looking for the rest."""
    found: dict[str, str] = {}
    errors: list[Exception] = []
    for step_name, step in STEPS.items():
        try:
            record = step.find(stack) if step.PLACE == "aws" else None
        except (MlflowOpsError, *FAILURES) as error:
            errors.append(error)
            continue
        if record:
            found[step_name] = record.id
    return found, errors
