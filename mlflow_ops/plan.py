"""What `up` would do and what `down` would take, in words and numbers; changes nothing."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import botocore.exceptions as sdk

from mlflow_ops import prices
from mlflow_ops.ec2.launches import DISK_GIB
from mlflow_ops.errors import HostFailed, NotReady
from mlflow_ops.reach import reaching
from mlflow_ops.records import Bucket, Instance
from mlflow_ops.s3 import buckets

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


@dataclass(frozen=True)
class Contents:
    """The user's data in a stack; None where the server could not be asked."""

    runs: int | None
    models: int | None
    objects: int | None
    size: int = 0

    def __str__(self) -> str:
        """Say it in one line."""
        held = (
            "all runs and models, which the server does not answer for"
            if self.runs is None
            else f"{_count(self.runs, 'run')}, {_count(self.models or 0, 'registered model')}"
        )
        if self.objects is None:
            return f"{held}, and artifacts that could not be counted"
        return f"{held}, and {_count(self.objects, 'object')} ({_bytes(self.size)}) in the bucket"


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


def contents(stack: Stack) -> Contents:
    """Count what the user would lose, asking the server and the bucket."""
    runs = models = None
    instance = stack.get(Instance)
    if instance and instance.address:
        with contextlib.suppress(NotReady, HostFailed), reaching.tracking(stack) as server:
            runs, models = server.count()
    if stack.get(Bucket) is None:
        return Contents(runs, models, 0)
    try:
        return Contents(runs, models, *buckets.size(stack.aws.s3, stack.names.bucket))
    except sdk.ClientError:
        return Contents(runs, models, None)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _bytes(number: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if number < 1000:  # noqa: PLR2004 - what the prefixes mean
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"
