"""`mlflow-ops cost`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import elsewhere
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.table import Column
from mlflow_ops.costs import sums
from mlflow_ops.costs.telling import amount, document
from mlflow_ops.errors import NotOurs
from mlflow_ops.prices import HOURS, month
from mlflow_ops.steps import bucket, elastic_ip

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.cli.show import Screen
    from mlflow_ops.costs.sums import Cost
    from mlflow_ops.records import Record
    from mlflow_ops.stack import Stack

COLUMNS = (
    "part",
    Column("an hour", right=True),
    Column("a day", right=True),
    Column("a month", right=True),
    Column("so far", right=True),
    "what",
)
WITHOUT = "Without traffic, taxes, credits and the free tier."


@stack_command(
    example="$ mlflow-ops cost\n"
    "(a line for the instance, the disk, the address and the bucket, and what they come to)"
)
def command(call: Call) -> None:
    """Tell what the stack costs an hour, a day and a month, part by part, and so far.

    Counts what is there now: the machine while it runs, its disk, its public address, and the
    bucket by its objects and requests. The prices are those of AWS's list for the region, or, where
    that is not to be had, those of a table that is dated. In USD, without traffic.
    """
    screen, stack = call.screen(), call.stack()
    for find in (elastic_ip.find, bucket.find):
        stack = _knowing(stack, find)
    found = sums.whole(stack)
    if not found.parts:
        elsewhere.check(stack, call.settings)
        raise elsewhere.nowhere(stack, ", and it costs nothing: `mlflow-ops up` makes one")
    _show(screen, stack, found)
    names = stack.names
    place = {"stack": names.stack, "account": names.account, "region": names.region}
    screen.result({**place, "target": stack.target.kind, **document(found)})


def _show(screen: Screen, stack: Stack, found: Cost) -> None:
    names = stack.names
    screen.say(
        f"Stack {names.stack!r} in account {names.account}, {names.region} ({stack.target.kind}), "
        f"in USD ({found.prices.source}):"
    )
    rows = [
        (each.name, *_amounts(each.usd_hour), amount(each.usd_so_far), each.what)
        for each in found.parts
    ]
    total = ("in all", *_amounts(found.usd_hour), amount(found.usd_so_far), _since(found))
    screen.table(COLUMNS, [*rows, total])
    for each in found.parts:
        if each.estimate:
            screen.row(f"{each.name}: {each.estimate}.")
    screen.say(WITHOUT)
    if found.prices.remark:
        screen.row(found.prices.remark)
    if stack.target.is_sandbox:
        screen.say("The sandbox costs nothing: this is what the same would cost on AWS.")


def _knowing(stack: Stack, find: Callable[[Stack], Record | None]) -> Stack:
    """Return the stack with what a step finds; what is somebody else's costs us nothing."""
    try:
        record = find(stack)
    except NotOurs:
        return stack
    return stack.knows(record) if record else stack


def _amounts(hourly: float | None) -> tuple[str, str, str]:
    daily = None if hourly is None else hourly * HOURS
    return amount(hourly, 4), amount(daily), amount(month(hourly))


def _since(found: Cost) -> str:
    return f"since {found.since:%Y-%m-%d %H:%M} UTC" if found.since else ""
