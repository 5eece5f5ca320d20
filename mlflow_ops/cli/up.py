"""`mlflow-ops up`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlflow_ops import places, target
from mlflow_ops.cli import making, planned, report, wishes
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.settings import Options

if TYPE_CHECKING:
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.stack import Stack


@stack_command(
    example="$ mlflow-ops up --allow 203.0.113.7/32\n"
    "(what is made and its price are shown; after a yes the tracking URI, some 3 minutes later)"
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would be made, and make nothing.")
@wishes.like_up
@click.option(
    "--restore",
    metavar="WHICH",
    help="Begin with this backup: a name, a time, or latest  [default: latest, if there is one].",
)
@click.option(
    "--ttl",
    metavar="LENGTH",
    help="Stop the machine this long after it was started, 8h or 2d: by itself, with all its data "
    "kept. `off` for no limit  [default: as it stands, at first off].",
)
@click.option(
    "--idle-stop",
    metavar="LENGTH",
    help="Stop it when for this long nobody has asked the server anything, health checks aside, "
    "or worked on the host over SSH (docs/nothing-lost.md says what counts)  "
    "[default: as it stands, at first off].",
)
@click.option("--fresh", is_flag=True, help="Begin empty, whatever backups the bucket holds.")
def command(call: Call, **options: Any) -> int:  # noqa: ANN401 - as click has parsed them
    """Make the stack, or what is missing of it, and print the tracking URI.

    Shows what will be made, where, and what it costs; asks, unless --yes is given. Continues
    after any failure, and changes nothing on a healthy stack.
    """
    ask, dry_run = not options.pop("yes"), options.pop("dry_run")
    wish = Options(**options)
    started = call.settings.sandbox and target.start_sandbox(call.settings)
    try:
        return _up(call, call.screen(), wish, ask=ask, dry_run=dry_run)
    finally:
        if started and not places.known(call.settings):  # nothing was made
            target.stop_sandbox(call.settings)


def _up(call: Call, screen: Screen, wish: Options, *, ask: bool, dry_run: bool) -> int:
    """Plan, show, ask, make and report; return the exit code."""
    stack = call.stack()
    try:
        if dry_run:
            stack, found = making.planned(call, planned.looking(stack), wish)
            planned.dry_run(call, screen, stack, found)
            return 0
        if ask:
            _ask(call, screen, stack, wish)
        stack, standing = making.Making(call, screen).make(stack, wish, show=not ask)
    finally:
        stack.hang_up()
    return report.after_up(call, screen, stack, standing)


def _ask(call: Call, screen: Screen, stack: Stack, wish: Options) -> None:
    """Show what is missing of the stack, if anything is, and ask whether to make it."""
    stack, found = making.planned(call, stack, wish)
    if not making.complete(stack, found):
        making.Making(call, screen).check(stack, found)
        planned.plan(screen, stack, found)
        screen.confirm("Make it?")
