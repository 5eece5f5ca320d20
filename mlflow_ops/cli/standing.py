"""The instance that a command is about, whatever it is to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import elsewhere
from mlflow_ops.ec2 import instances

if TYPE_CHECKING:
    from mlflow_ops.cli.command import Call
    from mlflow_ops.records import Instance
    from mlflow_ops.stack import Stack

MAKES_ONE = ": `mlflow-ops up` makes one"


def instance(call: Call, stack: Stack, purpose: str, cure: str = "") -> Instance:
    """Return the stack's instance; raise NotReady when there is none for this purpose.

    Raises WrongPlace when it is in another region.
    """
    found = instances.alive(stack)
    if found is None:
        elsewhere.check(stack, call.settings)
        raise elsewhere.nowhere(stack, f", {purpose}{cure}")
    return found
