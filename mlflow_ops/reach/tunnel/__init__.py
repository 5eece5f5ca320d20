"""A tunnel that outlives the command that asked for it: a process of its own holds it.

Nothing is ever signalled to end it: its file is taken away, which it notices. So no process that
has come to its number can be hit.
"""

from __future__ import annotations

import contextlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow_ops import files
from mlflow_ops.errors import TimedOut
from mlflow_ops.reach import reaching
from mlflow_ops.reach.tunnel import note, starting
from mlflow_ops.reach.tunnel.note import Way
from mlflow_ops.records import Instance
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.folder import Folder
    from mlflow_ops.stack import Stack

# It looks for its file every half second.
END_DEADLINE = 10.0


@contextmanager
def held(stack: Stack) -> Iterator[str]:
    """Give the tracking URI; where a tunnel leads to it, one that stays when the context ends."""
    behind = stack.shape.access == "tunnel"
    yield reaching.uri(stack, port(stack) if behind else None)


def port(stack: Stack) -> int:
    """Return the port of this machine that leads to the server, starting its process if needed.

    Raises HostUnreachable and what else a first connection to the host may meet.
    """
    files.private_folder(stack.folder.path)
    with files.alone_in(stack.folder.path):
        standing = note.standing(stack.folder.tunnel)
        instance, ports = stack.need(Instance), stack.target.ports
        if standing and standing.way.leads(instance.id, instance.address, ports):
            return standing.port
        if standing:  # to where the instance was before
            end(stack.folder)
        way = Way(instance.id, instance.address, ports.ssh, ports.server, stack.host().shown)
        wished = standing.port if standing else note.usual_port(stack.names)
        return starting.start(stack.folder, way, wished)


def end(folder: Folder) -> bool:
    """End the stack's tunnel, and tell whether there was one."""
    try:
        descriptor = os.open(folder.tunnel, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        stood = not note.is_free(descriptor)
        folder.tunnel.unlink(missing_ok=True)
        # One that was stopped, as by Ctrl-Z, ends as soon as it goes on.
        with contextlib.suppress(TimedOut):
            until(
                "the tunnel to end",
                lambda: note.is_free(descriptor),
                deadline=END_DEADLINE,
                pause=0.05,
            )
    finally:
        os.close(descriptor)
    return stood
