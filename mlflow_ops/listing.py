"""All stacks of an account in a few words each, from what an audit has seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mlflow_ops import moments
from mlflow_ops.ec2.instances import RUNS

if TYPE_CHECKING:
    from mlflow_ops.audit import Audit, StackAudit
    from mlflow_ops.costs.daily import Daily
    from mlflow_ops.inventory.holding import Machine

# What AWS calls it, and what is not called so by AWS: without a machine.
STATES = {"pending": "starting", "shutting-down": "ending"}
WITHOUT = {"busy": "in the making", "orphan": "left over"}


@dataclass(frozen=True)
class Entry:
    """One stack; a region of None is not known, and neither is an age or time left of None.

    `state` is that of its machine, or, without one: "in the making" while a command is at work on
    it, "kept" for a bucket that was left on purpose, "left over", or "unknown". `left` are the
    seconds until its time limit stops it, and `idle` is after how long without use it stops: both
    while it runs. Costs are without the bucket's contents.
    """

    name: str
    region: str | None
    state: str
    made: str | None
    age: int | None
    address: str
    cost: Daily
    until: str | None
    left: int | None
    idle: str


def entries(found: Audit) -> list[Entry]:
    """Return every stack of an audit, in its order: by name."""
    return [_entry(stack, found.at) for stack in found.stacks]


def _entry(stack: StackAudit, now: datetime) -> Entry:
    machine = _machine(stack)
    made = min((each.holding.made for each in stack.holdings if each.holding.made), default=None)
    until = moments.tagged(machine.until) if machine else None
    runs = machine is not None and machine.state in RUNS
    left = _seconds(now, until) if runs else None
    return Entry(
        name=stack.stack,
        region=stack.region,
        state=_state(stack, machine),
        made=made,
        age=_seconds(datetime.fromisoformat(made), now) if made else None,
        address=machine.address if machine and runs else "",
        cost=stack.cost,
        until=until.isoformat() if until else None,
        # One that has passed was moved by a reboot, which the host alone knows.
        left=left or None,
        idle=machine.idle if machine and runs else "",
    )


def _state(stack: StackAudit, machine: Machine | None) -> str:
    if machine:
        return STATES.get(machine.state, machine.state)
    return WITHOUT.get(stack.state, stack.state)


def _machine(stack: StackAudit) -> Machine | None:
    """Return the stack's instance, one that lives before one that is ending."""
    found = [each.holding for each in stack.holdings if each.holding.machine]
    found.sort(key=lambda holding: holding.alive != "live")
    return found[0].machine if found else None


def _seconds(begin: datetime, end: datetime | None) -> int | None:
    return max(0, int((end - begin).total_seconds())) if end else None
