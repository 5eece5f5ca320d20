"""The way to the host for OpenSSH's programs, which is known to lead there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.reach import connection, shut_out
from mlflow_ops.records import Instance
from mlflow_ops.ssh import programs
from mlflow_ops.ssh.openssh import Way

if TYPE_CHECKING:
    from mlflow_ops.settings import Settings
    from mlflow_ops.stack import Stack


def way(stack: Stack, settings: Settings, program: str = "ssh") -> Way:
    """Return the way to the stack's host, which has just let us in and shown its pinned key.

    So whatever keeps us out is said as everywhere, and its key is pinned as `up` pins it. Raises
    MlflowOpsError where the program is missing, and else as `connection.located` and `Stack.host`.
    """
    from mlflow_ops.host import pins  # noqa: PLC0415 - the help needs it not, and paramiko takes 0.3 s to load

    programs.check(program)
    stack = connection.located(stack, settings)
    instance, folder = stack.need(Instance), stack.folder
    try:
        with shut_out.explained(stack):
            shown = stack.host().shown
    finally:
        stack.hang_up()
    known, port = folder.known_hosts, stack.target.ports.ssh
    # That of its launch is not pinned: the instance's tag told it, and proved to be right just now.
    if not pins.pinned(known, instance.id):
        known = folder.shown_host
        pins.pin(known, instance.id, shown)
    return Way(instance.id, instance.address, port, folder.private_key, known)
