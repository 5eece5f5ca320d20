"""The plan of `up`, as it is shown and as it is given in JSON."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from mlflow_ops import plan as plans
from mlflow_ops.cli import details
from mlflow_ops.cli.show import WIDTH
from mlflow_ops.doctor import preflight
from mlflow_ops.iam.documents import documents
from mlflow_ops.reach import address
from mlflow_ops.steps import taken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_ops.cli.command import Call
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.iam.documents import Document
    from mlflow_ops.rehearsing import Rehearsed
    from mlflow_ops.stack import Stack
    from mlflow_ops.walk import Found


def plan(screen: Screen, stack: Stack, found: plans.Met) -> None:
    """Show what `up` is about to do, where, and what it costs."""
    screen.say(
        f"Stack {stack.names.stack!r} in account {stack.names.account}, {stack.names.region} "
        f"({stack.target.kind}):"
    )
    for row in plans.rows(stack, taken(stack.shape), found):
        screen.row(f"  {row.step:<{WIDTH}} {row.action:<7} {row}")
    screen.say(plans.cost(stack))
    if moves := plans.move(stack):
        screen.say(moves)
    if stack.shape.access == "port" and address.world_open(stack.want().allow):
        screen.say(
            f"Warning: anyone on the internet will be able to reach the server, which asks for "
            f"{'a' if stack.shape.login else 'no'} login. Name who may with --allow CIDR."
        )


def looking(stack: Stack) -> Stack:
    """Return the stack as a plan may look at it."""
    from mlflow_ops.rehearsing import stage  # noqa: PLC0415 - a question needs it not, and paramiko takes 0.3 s to load

    return stage.Looking(**vars(stack))


def dry_run(call: Call, screen: Screen, stack: Stack, found: Found) -> None:
    """Show the whole plan: what the question before `up` shows, and all that it will say and do."""
    from mlflow_ops import rehearsing  # noqa: PLC0415 - a question needs it not, and paramiko takes 0.3 s to load

    rehearsed, said = rehearsing.rehearse(stack, found), documents(stack)
    first = preflight.remarks(stack, found, call.settings.home)
    rehearsed = replace(rehearsed, remarks=(*first, *rehearsed.remarks))
    plan(screen, stack, rehearsed.met)
    before = (*details.settings(rehearsed), *details.documents(said))
    told = (*details.remarks(rehearsed), *details.commands(rehearsed.told))
    for line in () if screen.as_json else (*before, *told):
        screen.row(line)
    screen.say("\nNothing was changed.")
    screen.result({**document(stack, rehearsed, said), "from_file": call.from_file})


def document(stack: Stack, rehearsed: Rehearsed, said: Iterable[Document]) -> dict[str, Any]:
    """Return what `up --dry-run --json` prints."""
    rows = plans.rows(stack, taken(stack.shape), rehearsed.met)
    settings = rehearsed.settings
    return {
        **place(stack),
        "plan": [asdict(row) | {"settings": settings.get(row.step, {})} for row in rows],
        "cost": plans.cost(stack),
        "usd_month": plans.total(plans.costs(stack)),
        "documents": [asdict(each) for each in said],
        "commands": [details.told_document(each) for each in rehearsed.told],
        "remarks": [*filter(None, [plans.move(stack)]), *rehearsed.remarks],
    }


def place(stack: Stack) -> dict[str, str]:
    """Return which stack a plan is about, and where it stands."""
    return {
        "stack": stack.names.stack,
        "target": stack.target.kind,
        "account": stack.names.account,
        "region": stack.names.region,
    }
