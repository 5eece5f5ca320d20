"""`mlflow-ops backups`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops import elsewhere
from mlflow_ops.backup import listing
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.contents import sized
from mlflow_ops.steps import bucket

if TYPE_CHECKING:
    from datetime import datetime

    from mlflow_ops.backup.listing import Backups
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.stack import Stack

WIDTH = 32


@stack_command(
    example="$ mlflow-ops backups\n"
    "(a line for each: its name, its runs and models, its size; then the continuous one's span)"
)
def command(call: Call) -> None:
    """List the backups, newest first, with what each holds.

    Says, too, what span of time the continuous backup covers, and how much all of it takes. Looks
    into the bucket alone: the machine may be stopped, lost or removed.
    """
    screen, stack = call.screen(), call.stack()
    if bucket.find(stack) is None:
        elsewhere.check(stack, call.settings)
        left = ", and no bucket that one has left: `mlflow-ops up` makes one"
        raise elsewhere.nowhere(stack, left)
    found = listing.every(stack)
    _show(screen, found)
    screen.result(document(stack, found))


def document(stack: Stack, found: Backups) -> dict[str, Any]:
    """Return what `backups --json` prints."""
    return {
        "stack": stack.names.stack,
        "bucket": stack.names.bucket,
        "backups": [manifest.document for manifest in found.named],
        "continuous": [
            {
                "name": stream.stamp,
                "begin": stream.begin.isoformat(),
                "end": stream.end.isoformat(),
                "bytes": stream.bytes,
            }
            for stream in found.streams
        ],
        "unreadable": list(found.unreadable),
        "bytes": found.bytes,
    }


def _show(screen: Screen, found: Backups) -> None:
    for manifest in found.named:
        screen.row(f"{manifest.name:<{WIDTH}} {manifest}  ({sized(manifest.bytes)})")
    for name in found.unreadable:
        screen.row(f"{name:<{WIDTH}} damaged: its manifest cannot be read")
    for stream in found.streams:
        screen.say(
            f"Continuous: from {_time(stream.begin)} to {_time(stream.end)}  "
            f"({sized(stream.bytes)})"
        )
    if not found.named and not found.streams:
        screen.say("There is no backup yet: `mlflow-ops backup` takes one.")
        return
    if found.streams:
        screen.say(
            "Of its last hour each change can be had back, of its last day each hour: "
            f"`mlflow-ops restore {found.streams[0].end:%Y-%m-%dT%H:%M:%S}`"
        )
    screen.say(f"In all {sized(found.bytes)}.")


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
