"""`mlflow-ops audit`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from mlflow_ops import audit as audits
from mlflow_ops import spans
from mlflow_ops.cli import chosen
from mlflow_ops.cli.command import NOT_READY, Call, stack_command
from mlflow_ops.cli.show import WIDTH, Screen
from mlflow_ops.costs import daily, everywhere
from mlflow_ops.errors import BadOption, NotReady
from mlflow_ops.names import checked

if TYPE_CHECKING:
    from mlflow_ops.audit import Audit, Owned, StackAudit

# What `down` takes: with a user goes what it has on.
TAKEN = {"instance", "security group", "key pair", "lock", "bucket", "IAM user"}
KIND = WIDTH + 3  # "network interface"
FEW = 4
STATES = {
    "live": "live",
    "busy": "a command is at work on it",
    "kept": "kept on purpose",
    "orphan": "an orphan",
    "unknown": "live or not, which could not be seen",
}


@stack_command(example="$ mlflow-ops audit --all-regions\n(all that is ours, and each orphan)")
@click.option("--all-regions", is_flag=True, help="Look into every region the account can use.")
def command(call: Call, *, all_regions: bool) -> int:
    """List all that carries our tag or name, of every stack, with its age and cost per day.

    Looks into one region and into IAM, and into each region that IAM's things name. What no live
    stack owns is an orphan, shown with the `aws` command that removes it. Changes nothing.

    Exit code 0: no orphans; 3: orphans; 1: none were seen, but something could not be looked at.
    """
    screen = call.screen()
    try:
        target = call.target()
    except NotReady as error:
        screen.say(str(error))
        screen.result({"account": None, "regions": [], "stacks": [], "orphans": 0, "failures": []})
        return 0
    aws = target.aws
    regions = audits.enabled_regions(aws) if all_regions else [aws.region]
    found = audits.audit(aws, regions, everywhere.asker(call.settings, target))
    _show(screen, call, found)
    screen.result(document(found))
    return NOT_READY if found.orphans else int(bool(found.failures))


def document(found: Audit) -> dict[str, Any]:
    """Return what `audit --json` prints."""
    return {
        "account": found.account,
        "regions": list(found.regions),
        "stacks": [
            {
                "stack": stack.stack,
                "region": stack.region,
                "state": stack.state,
                "cost_per_day": stack.cost.usd,
                "holdings": [_holding(found, each) for each in stack.holdings],
            }
            for stack in found.stacks
        ],
        "orphans": found.orphans,
        "failures": list(found.failures),
    }


def _holding(found: Audit, owned: Owned) -> dict[str, Any]:
    held = owned.holding
    return {
        "kind": held.kind,
        "id": held.id,
        "name": held.name,
        "tagged": held.whose.tagged,
        "made": held.made,
        "age_seconds": _age(found, held.made),
        "cost_per_day": owned.cost.usd,
        "owner": owned.owner,
        "command": held.command,
    }


def _show(screen: Screen, call: Call, found: Audit) -> None:
    count = len(found.regions)
    places = ", ".join(found.regions) if count <= FEW else f"{count} regions"
    screen.say(f"Account {found.account}; looked in IAM and {places}.")
    for stack in found.stacks:
        _show_stack(screen, found, stack)
        if down := _down(call, stack):
            screen.say(f"  Try first: {down}")
    for failure in found.failures:
        screen.row(f"Not seen: {failure}")
    if not found.stacks:
        screen.say("Nothing carries our tag or a name of ours.")
        return
    for line in daily.summed(found.cost, found.prices):
        screen.row(line)
    screen.say(f"Orphans: {found.orphans}.")


def _show_stack(screen: Screen, found: Audit, stack: StackAudit) -> None:
    place = stack.region or "a region that is not known"
    state = f"{STATES[stack.state]}, {stack.cost} USD a day"
    screen.row(f"Stack {stack.stack!r} in {place}: {state}")
    for owned in stack.holdings:
        held = owned.holding
        screen.row(f"  {held.kind:<{KIND}} {_words(found, owned)}  {held.id}")
        if owned.owner is None:
            screen.row(f"    {_removal(owned)}")


def _down(call: Call, stack: StackAudit) -> str | None:
    """Return our own command for a stack's orphans, where it can know one by kind and tag."""
    orphans = [each.holding for each in stack.holdings if each.owner is None]
    if not any(held.whose.tagged and held.kind in TAKEN for held in orphans):
        return None
    try:
        checked(stack.stack)
    except BadOption:  # somebody else's idea of a name
        return None
    return f"mlflow-ops down{chosen.other(call.again, stack.stack, stack.region)}"


def _words(found: Audit, owned: Owned) -> str:
    """Return a thing's age, its cost per day and what is special about it."""
    seconds = _age(found, owned.holding.made)
    age = "-" if seconds is None else spans.words(seconds, 1)
    mark = {None: "orphan", "kept": "kept"}.get(owned.owner, "")
    return f"{age:>6}  {owned.cost!s:>5}  {mark:<6}"


def _age(found: Audit, made: str | None) -> int | None:
    """Return an age in seconds."""
    return max(0, int((found.at - datetime.fromisoformat(made)).total_seconds())) if made else None


def _removal(owned: Owned) -> str:
    return owned.holding.command or "AWS has no one command for it: remove it in the console."
