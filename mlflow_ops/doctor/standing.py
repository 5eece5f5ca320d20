"""Whether the stack's name is free, or what of the stack stands already."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import botocore.exceptions as sdk

from mlflow_ops import elsewhere
from mlflow_ops.aws import code
from mlflow_ops.doctor.check import FAIL, OK, Finding, of
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.refusals import EXPIRED, FAILURES, words
from mlflow_ops.steps import STEPS

if TYPE_CHECKING:
    from mlflow_ops.records import Record
    from mlflow_ops.settings import Settings
    from mlflow_ops.stack import Stack


class Standing(NamedTuple):
    """What is there by step, and what kept us from looking for the rest, each sentence once."""

    records: dict[str, Record]
    errors: list[Exception]


def name(stack: Stack, settings: Settings, standing: Standing) -> Finding:
    """Tell what carries the name. Raises WrongPlace when the stack stands in another region."""
    if len(standing.errors) > 1:
        return Finding(FAIL, " ".join(words(each) for each in standing.errors))
    if standing.errors:
        return of(FAIL, standing.errors[0])
    if not standing.records:
        elsewhere.check(stack, settings)
        return Finding(OK, f"{stack.names.stack!r} is free in {stack.names.region}.")
    listed = ", ".join(f"{step} {each.id}" for step, each in standing.records.items())
    return Finding(OK, f"{stack.names.stack!r} is there: {listed}. `up` mends what is missing.")


def found(stack: Stack) -> Standing:
    """Return what of the stack AWS shows, and what it does not."""
    records: dict[str, Record] = {}
    errors: dict[str, Exception] = {}
    for step_name, step in STEPS.items():
        try:
            record = step.find(stack) if step.PLACE == "aws" else None
        except (MlflowOpsError, *FAILURES) as error:
            if isinstance(error, sdk.ClientError) and code(error) in EXPIRED:
                return Standing(records, [error])  # all others would fail by it, in other words
            errors.setdefault(words(error), error)
            continue
        if record:
            records[step_name] = record
    return Standing(records, list(errors.values()))
