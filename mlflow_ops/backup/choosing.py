"""What a new instance begins with: the backup that was named, and the shape of the one before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops.backup import sources
from mlflow_ops.ec2 import lost
from mlflow_ops.errors import BadOption
from mlflow_ops.records import Bucket, Database
from mlflow_ops.steps import bucket

if TYPE_CHECKING:
    from mlflow_ops.shape import Shape
    from mlflow_ops.stack import Stack


def named(stack: Stack) -> Stack:
    """Return the stack with the backup that `up --restore` names, found in the bucket.

    Raises BadOption for one that is not there.
    """
    wanted = stack.want()
    if not wanted.which or stack.get(Database):  # which its own step looks at
        return stack
    if stack.get(Bucket) is None:
        raise BadOption(
            f"There is no backup {wanted.which!r}: the stack {stack.names.stack!r} has no bucket "
            f"in account {stack.names.account}, {stack.names.region}. Leave --restore out."
        )
    return replace(stack, wanted=replace(wanted, source=sources.chosen(stack, wanted.which)))


def shape_before(stack: Stack) -> Shape | None:
    """Return the shape of an instance that has ended, while what it served is still there."""
    ended = lost.last(stack)
    return ended.shape if ended and bucket.find(stack) else None
