"""How a stack stands: each step is asked, and the whole follows from the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops.errors import HostUnreachable, MlflowOpsError, NotOurs
from mlflow_ops.records import Readiness
from mlflow_ops.refusals import FAILURES, words
from mlflow_ops.steps import applies

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack
    from mlflow_ops.steps import Steps

# The server serves without it.
UNCOUNTED = ("backup", "lifetime")


@dataclass(frozen=True)
class StepStatus:
    """How one step stands: state is missing, stopped, pending, broken, ready or unknown."""

    step: str
    id: str | None
    state: str
    detail: str = ""


def status(stack: Stack, steps: Steps) -> tuple[Stack, list[StepStatus]]:
    """Ask each step how it stands; a step that cannot be asked is `unknown`."""
    states: list[StepStatus] = []
    for name, step in steps.items():
        try:
            record = step.find(stack)
            now = step.ready(stack, record) if record else Readiness("missing")
        except NotOurs as error:
            states.append(StepStatus(name, None, "missing", str(error)))
            continue
        except (MlflowOpsError, *FAILURES) as error:
            state = "pending" if isinstance(error, HostUnreachable) else "unknown"
            states.append(StepStatus(name, None, state, words(error)))
            continue
        if record:
            record = now.record or record
            stack = stack.knows(record)
        detail = now.detail or (record.detail if record else "")
        states.append(StepStatus(name, record.id if record else None, now.state, detail))
    return stack, [
        each for each in states if applies(each.step, stack.shape) or _shows(each, steps)
    ]


def _shows(state: StepStatus, steps: Steps) -> bool:
    """Whether there is something, or may be, although a stack of this shape has no such step."""
    hidden = state.state == "unknown" and steps[state.step].PLACE != "host"
    return bool(state.id) or hidden


def overall(steps: Steps, states: list[StepStatus]) -> str:
    """Return the stack's state: absent, partial, stopped, starting, ready or broken.

    What stands on one machine alone, like its AWS profile, does not count, and neither do the
    backup, of which `status` warns, and the limits; a step that could not be asked counts only when
    the server gives no answer either.
    """
    counted = [
        state
        for state in states
        if steps[state.step].PLACE != "here" and state.step not in UNCOUNTED
    ]
    held = {state.state for state in counted}
    if held == {"missing"}:
        return "absent"
    serving = counted[-1].state == "ready"
    if serving and held <= {"ready", "unknown"}:
        return "ready"
    # A machine that was stopped answers for nothing: how the rest stands follows from that.
    order = (
        ("stopped", "stopped"),
        ("broken", "broken"),
        ("missing", "partial"),
        ("pending", "starting"),
    )
    return next((result for state, result in order if state in held), "broken")
