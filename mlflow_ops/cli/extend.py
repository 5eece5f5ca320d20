"""`mlflow-ops extend`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlflow_ops.cli import standing
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.ec2 import launches
from mlflow_ops.errors import AwsRefused, BadOption, NotReady
from mlflow_ops.lifetime import arming, durations, telling
from mlflow_ops.reach import shut_out
from mlflow_ops.refusals import FAILURES, words
from mlflow_ops.steps.instance import AT_REST

if TYPE_CHECKING:
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.lifetime.answers import Told
    from mlflow_ops.stack import Stack

UNLIMITED = "it runs until somebody stops it. `mlflow-ops up --ttl 8h` gives it a limit"


@stack_command(example="$ mlflow-ops extend 4h\n(a stack that would stop at 18:00 stops at 22:00)")
@click.argument("length")
def command(call: Call, length: str) -> int:
    """Let a stack with a time limit run LENGTH longer: 30m, 4h, 1d12h.

    Its end moves by that much; one that has passed counts from now. The length of the limit
    itself, by which the next `start` goes, stays as `up --ttl` has set it.
    """
    long = _seconds(length)
    screen, stack = call.screen(), call.stack()
    try:
        with shut_out.explained(stack):
            told = _extended(call, stack, long)
    finally:
        stack.hang_up()
    return _said(screen, told)


def _seconds(length: str) -> int:
    """Return the length in seconds; raise BadOption for what is none."""
    found = durations.canonical(length, "The length")
    if found == durations.OFF:
        raise BadOption("`mlflow-ops up --ttl off` takes the time limit away; LENGTH is a time.")
    return durations.seconds(found)


def _extended(call: Call, stack: Stack, long: int) -> Told:
    """Move the end, on the host first; raise NotReady where nothing ends."""
    found = standing.instance(call, stack, "to extend", standing.MAKES_ONE)
    name = stack.names.stack
    if found.state in AT_REST:
        raise NotReady(f"The stack {name!r} is stopped: `mlflow-ops start` gives it time anew.")
    if not found.shape.ttl:
        raise NotReady(f"The stack {name!r} has no time limit: {UNLIMITED}.")
    stack = stack.knows(found)
    there = arming.facts(stack)
    if there.told is None or there.told.ttl is None:
        raise NotReady(f"The host of the stack {name!r} has no time limit yet: `mlflow-ops up`.")
    told = arming.extend(stack, there, long)
    try:
        launches.tell_until(stack, found.id, told.end)
    except FAILURES as error:
        raise AwsRefused(
            f"The stack {name!r} is extended, and stops at {told.end} now; but the tag in which "
            f"`mlflow-ops list` reads that could not be written: {words(error)} `mlflow-ops up` "
            "writes the tag; a second `extend` would move the end again."
        ) from error
    return told


def _said(screen: Screen, told: Told) -> int:
    left = told.left or 0.0
    screen.say(f"The stack stops at {told.end}, in {telling.said(left)}.")
    screen.result({"until": told.end, "left_seconds": round(left)})
    return 0
