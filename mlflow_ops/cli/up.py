"""`mlflow-ops up`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from mlflow_ops import target, walk, wanted
from mlflow_ops.cli import report
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.show import Screen
from mlflow_ops.settings import Options
from mlflow_ops.stack import Stack
from mlflow_ops.steps import STEPS


@stack_command(example="mlflow-ops up --allow 203.0.113.7/32")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be made, and make nothing.")
@click.option("--as-taught", is_flag=True, help="The tutorial's choices, open to the world.")
@click.option(
    "--allow",
    multiple=True,
    metavar="CIDR",
    help="Who may reach the server and SSH; may be repeated  [default: this machine's address].",
)
@click.option("--vpc-id", help="VPC to use  [default: the default VPC].")
@click.option("--subnet-id", help="Subnet to use  [default: one that has the instance type].")
@click.option("--ami", help="Ubuntu image to use  [default: the newest Ubuntu 24.04].")
@click.option("--instance-type", help="[default: t3.micro; t2.micro with --as-taught]")
@click.option(
    "--artifacts",
    type=click.Choice(["proxied", "direct"]),
    default="proxied",
    show_default=True,
    help="Clients reach artifacts through the server, or in the bucket with keys of their own.",
)
def command(call: Call, **options: Any) -> int:  # noqa: ANN401 - as click has parsed them
    """Make the stack, or what is missing of it, and print the tracking URI.

    Shows what will be made, where, and what it costs; asks, unless --yes is given. Continues
    after any failure, and changes nothing on a healthy stack.
    """
    ask, dry_run = not options.pop("yes"), options.pop("dry_run")
    wish = Options(direct_artifacts=options.pop("artifacts") == "direct", **options)
    started = call.settings.sandbox and target.start_sandbox(call.settings)
    try:
        return _up(call, Screen(call.json), wish, ask=ask, dry_run=dry_run)
    finally:
        if started and not call.settings.folder.exists():  # it was not settled: nothing was made
            target.stop_sandbox(call.settings)


def _up(call: Call, screen: Screen, wish: Options, *, ask: bool, dry_run: bool) -> int:
    """Plan, show, ask, make and report; return the exit code."""
    stack, found = _planned(call, wish)
    complete = len(found) == len(STEPS) and not any(each.missing for each in found.values())
    if not complete or dry_run:
        report.plan(screen, stack, found)
    if dry_run:
        screen.result(report.plan_document(stack, found))
        return 0
    if ask and not complete:
        screen.confirm("Make it?")
    stack.folder.settle(stack.names)
    try:
        standing = walk.up(stack, STEPS, found, screen)
    except BaseException:
        screen.say(
            f"What was made stands. To go on: mlflow-ops up{call.again} with the same options. "
            f"To remove it: mlflow-ops down{call.again}"
        )
        raise
    finally:
        stack.hang_up()
    return report.after_up(call, screen, stack, standing)


def _planned(call: Call, wish: Options) -> tuple[Stack, walk.Found]:
    """Return the stack with every choice settled, and what of it is there; changes nothing."""
    stack = Stack.of(call.settings, target.reach(call.settings))
    first = wanted.first_thoughts(wish, stack.target)
    stack, found = walk.look(replace(stack, wanted=first), STEPS)
    return replace(stack, wanted=wanted.settle(first, wish, stack.target, stack.records)), found
