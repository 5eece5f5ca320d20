"""The words, tables and JSON documents that the commands show of a stack."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mlflow_ops import states as step_states
from mlflow_ops.backup import telling
from mlflow_ops.cli.command import NOT_READY
from mlflow_ops.cli.show import WIDTH
from mlflow_ops.costs import sums
from mlflow_ops.costs import telling as spending
from mlflow_ops.lifetime import telling as limits
from mlflow_ops.reach import reaching
from mlflow_ops.records import Instance
from mlflow_ops.refusals import FAILURES
from mlflow_ops.refusals import words as refused
from mlflow_ops.steps import STEPS

if TYPE_CHECKING:
    from mlflow_ops.cli.command import Call
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.stack import Stack
    from mlflow_ops.states import StepStatus
    from mlflow_ops.walk import Found

MARKS = {
    "ready": "✓",
    "pending": "…",
    "stopped": "‖",
    "broken": "✗",
    "missing": "-",
    "unknown": "?",
}
# The JSON contract has no word for these steps: they are not ready yet.
STEP_STATES = {"broken": "pending", "stopped": "pending"}


def after_up(call: Call, screen: Screen, stack: Stack, standing: Found) -> int:
    """Say where the server is and what to do next."""
    states = [
        step_states.StepStatus(name, record.id, "ready", record.detail)
        for name, record in standing.items()
    ]
    for record in standing.values():
        stack = stack.knows(record)
    uri = reaching.uri(stack)
    again = call.again
    hidden = stack.shape.access == "tunnel"
    screen.say(f"\nThe MLflow server is ready: {'through an SSH tunnel alone' if hidden else uri}")
    screen.say(f"  a run to prove it   mlflow-ops train{again} --alpha 0.6")
    screen.say(f"  your own training   mlflow-ops run{again} -- python my_training.py")
    screen.say(f"  its page            mlflow-ops open{again}")
    screen.say(f"  for your own shell  mlflow-ops env{again}")
    screen.say(f"  to remove it all    mlflow-ops down{again}")
    screen.result({**status_document(stack, states, "ready"), "from_file": call.from_file})
    return 0


def what_stands(call: Call, screen: Screen, stack: Stack, found: Found) -> None:
    """Say, after `up` has failed, what of the stack is there on AWS, and what to do about it."""
    made = ((name, stack.journal.last(name, "made")) for name in STEPS)
    before = {name: record.id for name, record in found.items() if STEPS[name].PLACE == "aws"}
    ids = before | {name: line["id"] for name, line in made if line}
    written = {name for name in screen.finished if STEPS[name].PLACE == "here"}
    ids |= dict.fromkeys(written, stack.names.base)
    if not ids:
        screen.say("Nothing was made.")
        return
    again = call.again
    screen.say(f"What stands: {', '.join(f'{name} {ids[name]}' for name in STEPS if name in ids)}.")
    screen.say(f"To go on: mlflow-ops up{again} with the same options.")
    screen.say(f"To remove it: mlflow-ops down{again}")


def status(screen: Screen, stack: Stack, states: list[StepStatus]) -> int:
    """Show how each step stands, and return the exit code that says it too."""
    state = step_states.overall(STEPS, states)
    screen.say(
        f"Stack {stack.names.stack!r} in account {stack.names.account}, {stack.names.region} "
        f"({stack.target.kind}): {state}"
    )
    for each in states:
        words = f"{each.state:<8} {each.id or ''}  {each.detail}".rstrip()
        screen.row(f"{MARKS[each.state]} {each.step:<{WIDTH}} {words}")
    if state == "ready" and (warning := telling.warning(stack)):
        screen.say(warning)
    screen.result({**status_document(stack, states, state), "cost": _cost(screen, stack)})
    if state == "ready":
        return 0
    return 1 if any(each.state == "unknown" for each in states) else NOT_READY


def _cost(screen: Screen, stack: Stack) -> dict[str, Any] | None:
    """Say in a line what a stack with a machine costs; what keeps us from knowing ends nothing."""
    if stack.get(Instance) is None:
        return None
    try:
        found = sums.brief(stack)
    except FAILURES as error:
        screen.say(f"What it costs could not be told: {refused(error)}")
        return None
    screen.say(spending.short(found))
    return spending.brief_document(found)


def status_document(stack: Stack, states: list[StepStatus], state: str) -> dict[str, Any]:
    """Return what `status --json` prints."""
    instance, shape = stack.get(Instance), stack.shape
    reached = instance and instance.address and shape.access == "port"
    return {
        "stack": stack.names.stack,
        "target": stack.target.kind,
        "account": stack.names.account,
        "region": stack.names.region,
        "state": state,
        "tracking_uri": reaching.uri(stack) if reached else None,
        "access": shape.access,
        "backup": telling.document(stack),
        "lifetime": limits.document(stack),
        "steps": [
            {**asdict(each), "state": STEP_STATES.get(each.state, each.state)} for each in states
        ],
    }


def absent_document(call: Call) -> dict[str, Any]:
    """Return what `status --json` prints of a sandbox that is not there."""
    return {
        "stack": call.settings.name,
        "target": "sandbox",
        "account": None,
        "region": call.settings.region,
        "state": "absent",
        "tracking_uri": None,
        "access": None,
        "backup": None,
        "lifetime": None,
        "cost": None,
        "steps": [{"step": name, "id": None, "state": "missing", "detail": ""} for name in STEPS],
    }
