"""The stream that a host's continuous backup writes: begun, paused and gone on with.

Litestream does not start without its settings, and without settings in their place the next `up`
begins a new stream: so a kill between any two commands leaves no stream with two lives in it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from mlflow_ops.backup import layout, litestream, units
from mlflow_ops.errors import HostFailed

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

# What a stop may take: the last changes' way to the bucket, and systemd's own time.
STOP_DEADLINE = units.GRACE + 40.0


def begin(stack: Stack) -> str:
    """Begin a new stream for databases that are others than before, and return its stamp.

    For a host whose backup was made by `up`; raises HostFailed for another.
    """
    pause(stack)
    host = stack.host()
    settings = host.get(litestream.LAST)
    old = stamp_of(settings)
    if not old:
        raise HostFailed("The host has no continuous backup yet: `mlflow-ops up` begins it.")
    new = next_stamp(stack, old)
    host.run(f"{litestream.FORGET} && {litestream.PREPARE}")
    host.put(units.CONFIG, settings.replace(old, new))
    host.run(litestream.START, deadline=STOP_DEADLINE)
    return new


def pause(stack: Stack) -> None:
    """Stop the backup after its last changes are in the bucket, where that can be reached."""
    host = stack.host()
    host.run(litestream.PAUSE)
    host.run(litestream.STOP, deadline=STOP_DEADLINE)


def resume(stack: Stack) -> None:
    """Go on with the stream that was paused: for the very databases that it has followed.

    Where none was when it was paused, a new one begins.
    """
    host = stack.host()
    if not host.get(litestream.PAUSED):
        begin(stack)
        return
    host.run(f"{litestream.RESUME} && {litestream.PREPARE}")
    host.run(litestream.START, deadline=STOP_DEADLINE)


def next_stamp(stack: Stack, old: str = "") -> str:
    """Return the stamp of a stream that begins now, later than an old one by any clock."""
    now = layout.stamp(stack.aws.now())
    if now > old:
        return now
    return layout.stamp(layout.moment(old) + timedelta(seconds=1))


def stamp_of(settings: str) -> str:
    """Return the stamp of the stream that these settings are of, or nothing."""
    stamp = settings.partition("\n")[0].removeprefix(litestream.REMARK)
    return stamp if is_stamp(stamp) else ""


def is_stamp(text: str) -> bool:
    """Whether a text is the stamp of a stream."""
    try:
        layout.moment(text)
    except ValueError:
        return False
    return True
