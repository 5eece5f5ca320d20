"""The words and the JSON document that `down` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.cli.command import NOT_READY
from mlflow_ops.cli.show import WIDTH

if TYPE_CHECKING:
    from mlflow_ops.cli.command import Call
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.inventory import Holding
    from mlflow_ops.plan import Contents
    from mlflow_ops.stack import Stack
    from mlflow_ops.walk import Ended, Found


def what_goes(screen: Screen, stack: Stack, found: Found, lost: Contents | None) -> None:
    """Show what `down` is about to take, and how much of it is the user's own data."""
    screen.say(
        f"Stack {stack.names.stack!r} in account {stack.names.account}, {stack.names.region} "
        f"({stack.target.kind}) loses:"
    )
    for name, record in reversed(found.items()):
        screen.row(f"  {name:<{WIDTH}} {record.id}")
    screen.say("With it go " + str(lost) + "." if lost else "The bucket and its artifacts stay.")


def what_is_left(call: Call, screen: Screen, found: Found) -> None:
    """Say, after `down` has been interrupted, what it did not come to, and how to go on."""
    left = [f"{name} {each.id}" for name, each in found.items() if name not in screen.finished]
    screen.say(f"What still stands: {', '.join(left) or 'nothing'}.")
    screen.say(f"To go on: mlflow-ops down{call.again}")


def ended(screen: Screen, result: Ended, left: list[Holding]) -> int:
    """Say what `down` came to: proof that nothing is left, or the command for each leftover."""
    for failure in result.failures:
        screen.row(f"Failed: {failure}")
    for leftover in left:
        cure = f"with: {leftover.command}" if leftover.command else "in the console."
        screen.row(f"Left: {leftover.kind} {leftover.id}; remove it {cure}")
    if not left and not result.failures:
        screen.say("Looked again: nothing of the stack is left.")
    screen.result(
        {
            "destroyed": list(result.destroyed),
            "left": [{"kind": e.kind, "id": e.id, "command": e.command} for e in left],
            "kept": list(result.kept),
            "failures": list(result.failures),
        }
    )
    return NOT_READY if left or result.failures else 0
