"""What `up` would do, in words and numbers; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops import prices
from mlflow_ops.ec2.launches import DISK_GIB
from mlflow_ops.records import Instance

if TYPE_CHECKING:
    from mlflow_ops.records import Record
    from mlflow_ops.stack import Stack
    from mlflow_ops.steps import Steps
    from mlflow_ops.walk import Found


@dataclass(frozen=True)
class Row:
    """What `up` would do about one step: make, repair or keep it."""

    step: str
    action: str
    what: str


def rows(stack: Stack, steps: Steps, found: Found) -> list[Row]:
    """Return what `up` would do, step by step."""
    return [_row(stack, steps, name, found.get(name)) for name in steps]


def _row(stack: Stack, steps: Steps, name: str, record: Record | None) -> Row:
    if record is None:
        return Row(name, "make", steps[name].plan(stack))
    if record.missing:
        return Row(name, "repair", f"{record.id}: {', '.join(record.missing)}")
    return Row(name, "keep", record.id)


def cost(stack: Stack) -> str:
    """Say what the stack costs a day."""
    standing = stack.get(Instance)
    instance_type = standing.type if standing else stack.want().instance_type
    public = stack.shape.address == "public"
    amount = prices.per_day(instance_type, DISK_GIB, public=public)
    if amount is None:
        return f"The price of {instance_type} is not listed here: see AWS's price list."
    return (
        f"About {amount:.2f} USD a day while it stands ({instance_type}, "
        f"{'public address, ' if public else ''}{DISK_GIB} GB disk; {prices.AS_OF}), and "
        f"{prices.S3_GIB_MONTH} USD a month for each GB of artifacts."
    )
