"""The words and the JSON document that `down` shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops import contents
from mlflow_ops.cli.command import NOT_READY
from mlflow_ops.cli.show import WIDTH

if TYPE_CHECKING:
    from mlflow_ops.backup.manifest import Manifest
    from mlflow_ops.cli.command import Call
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.contents import Contents
    from mlflow_ops.inventory import Holding
    from mlflow_ops.stack import Stack
    from mlflow_ops.walk import Ended, Found


def what_goes(screen: Screen, stack: Stack, found: Found, held: Contents, *, keep: bool) -> None:
    """Show what `down` is about to take, and how much there is of the user's own data."""
    screen.say(
        f"Stack {stack.names.stack!r} in account {stack.names.account}, {stack.names.region} "
        f"({stack.target.kind}) loses:"
    )
    for name, record in reversed(found.items()):
        screen.row(f"  {name:<{WIDTH}} {record.id}")
    screen.say(f"{'The bucket stays, and keeps' if keep else 'With it go'} {held}.")


def agreed(screen: Screen, stack: Stack, *, keep: bool) -> None:
    """Ask whether to go on: a yes will do where the data stays, else the name has to be typed."""
    if keep:
        screen.confirm("Remove it, after a last backup?")
        return
    screen.say("Nothing brings that back. `mlflow-ops down --keep-data` would keep the data.")
    screen.confirm_by_typing(*typed(stack.names.stack))


def typed(name: str) -> tuple[str, str]:
    """Return the last question before a stack's data goes, and its answer."""
    return f"Type the stack's name, {name}, to remove all of it", name


def what_is_left(call: Call, screen: Screen, found: Found) -> None:
    """Say, after `down` has been interrupted, what it did not come to, and how to go on."""
    left = [f"{name} {each.id}" for name, each in found.items() if name not in screen.finished]
    screen.say(f"What still stands: {', '.join(left) or 'nothing'}.")
    screen.say(f"To go on: mlflow-ops down{call.again}")


def what_stays(screen: Screen, stack: Stack, bucket: str) -> None:
    """Say what `down` has kept, what that costs, and what to do with it."""
    held = contents.of(stack)
    total = held.size + held.backups
    screen.row(f"Kept in bucket {bucket}: {held}; {contents.keeping(total)}.")
    screen.say("To come back with all of it: `mlflow-ops up`. To remove it: `mlflow-ops down`.")


def ended(
    screen: Screen, result: Ended, left: list[Holding], backup: Manifest | None = None
) -> int:
    """Say what `down` came to: proof that nothing is left, or the command for each leftover."""
    for failure in result.failures:
        screen.row(f"Failed: {failure}")
    for leftover in left:
        cure = f"with: {leftover.command}" if leftover.command else "in the console."
        screen.row(f"Left: {leftover.kind} {leftover.id}; remove it {cure}")
    if not left and not result.failures:
        screen.say(f"Looked again: nothing {'else ' if result.kept else ''}of the stack is left.")
    document: dict[str, Any] = {
        "destroyed": list(result.destroyed),
        "left": [{"kind": e.kind, "id": e.id, "command": e.command} for e in left],
        "kept": list(result.kept),
        "failures": list(result.failures),
    }
    screen.result(document | ({"backup": backup.document} if backup else {}))
    return NOT_READY if left or result.failures else 0
