"""What `up` would do, in words and numbers; changes nothing."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from mlflow_ops import prices
from mlflow_ops.ec2.launches import DISK_GIB
from mlflow_ops.prices import keeping
from mlflow_ops.records import Instance
from mlflow_ops.steps.instance import ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow_ops.prices import Planned
    from mlflow_ops.records import Record
    from mlflow_ops.stack import Stack
    from mlflow_ops.steps import Steps


# What is there of each step, or None.
Met: TypeAlias = "Mapping[str, Record] | Mapping[str, Record | None]"


@dataclass(frozen=True)
class Row:
    """What `up` would do about one step: make, repair, keep or look for it, and its cost a month.

    `usd_month` is what the thing costs while the stack stands, None where no price is known, and
    `parts` what that is made up of.
    """

    step: str
    action: str
    what: str
    usd_month: float | None = 0.0
    parts: tuple[Planned, ...] = ()

    def __str__(self) -> str:
        """Say what and for how much."""
        if self.usd_month is None:
            return f"{self.what}; its price is not known"
        if not self.usd_month:
            return self.what
        parts = ", ".join(f"{each.usd_month or 0.0:.2f} for {each.what}" for each in self.parts)
        sums = f" ({parts})" if len(self.parts) > 1 else ""
        return f"{self.what}; {self.usd_month:.2f} USD a month{sums}"


def rows(stack: Stack, steps: Steps, found: Met) -> list[Row]:
    """Return what `up` would do, step by step."""
    parts: defaultdict[str, list[Planned]] = defaultdict(list)
    for part in costs(stack):
        parts[part.step].append(part)
    return [_row(stack, steps, name, found.get(name), parts[name]) for name in steps]


def _row(stack: Stack, steps: Steps, name: str, record: Record | None, parts: list[Planned]) -> Row:
    cost = (total(parts), tuple(parts))
    if record is None and steps[name].PLACE == "host" and silent(stack):
        return Row(name, "look", "known once the host answers", *cost)
    if record is None:
        return Row(name, "make", steps[name].plan(stack), *cost)
    if record.missing:
        return Row(name, "repair", f"{record.id}: {', '.join(record.missing)}", *cost)
    return Row(name, "keep", record.id, *cost)


def silent(stack: Stack) -> bool:
    """Whether there is an instance whose host could not be asked what it has."""
    standing = stack.get(Instance)
    return standing is not None and standing.id not in stack.hosts


def move(stack: Stack) -> str:
    """Say what changes for clients when the instance is to have another address, or nothing."""
    standing, shape = stack.get(Instance), stack.shape
    if standing is None or ADDRESS[shape.elastic] not in standing.missing:
        return ""
    if shape.domain:
        return f"The public address changes: {shape.domain} has to lead to the new one."
    if shape.access == "tunnel":
        return "The public address changes."
    return "The public address changes, and the tracking URI with it: `mlflow-ops env` tells it."


def costs(stack: Stack) -> list[Planned]:
    """Return what the stack costs a month, part by part, with an empty bucket."""
    standing, shape = stack.get(Instance), stack.shape
    instance_type = standing.type if standing else stack.want().instance_type
    public = shape.address == "public"
    table = keeping.known(stack)
    return prices.planned(table, instance_type, DISK_GIB, public=public, elastic=shape.elastic)


def total(parts: Iterable[Planned]) -> float | None:
    """Return what parts cost a month together; None where one of them has no known price."""
    each = [part.usd_month for part in parts]
    return None if None in each else sum(usd or 0.0 for usd in each)


def cost(stack: Stack) -> str:
    """Say what the stack costs a day and a month."""
    standing, table = stack.get(Instance), keeping.known(stack)
    instance_type = standing.type if standing else stack.want().instance_type
    monthly = total(costs(stack))
    if monthly is None:
        return f"The price of {instance_type} is not listed here: see AWS's price list."
    public = stack.shape.address == "public"
    return (
        f"About {monthly / prices.DAYS:.2f} USD a day, {monthly:.2f} USD a month, while it stands "
        f"({instance_type}, {'public address, ' if public else ''}{DISK_GIB} GB disk; "
        f"{table.source}), and {table.storage_gib_month} USD a month for each GB of artifacts."
    )
