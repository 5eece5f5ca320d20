"""`mlflow-ops down`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlflow_ops import sandbox
from mlflow_ops.cli import going, removal
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.destroying import Down, Keep
from mlflow_ops.errors import NotReady
from mlflow_ops.target import stop_sandbox

if TYPE_CHECKING:
    from mlflow_ops.cli.show import Screen


@stack_command(
    example="$ mlflow-ops down --keep-data\n"
    "(all is removed but the bucket with a last backup, which the next `up` can begin with)"
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and remove nothing.")
@click.option(
    "--keep-data",
    is_flag=True,
    help="Take a last backup, and leave the bucket with it and the artifacts for the next `up`.",
)
@click.option("--no-backup", is_flag=True, help="With --keep-data: leave the bucket as it is.")
def command(call: Call, **options: bool) -> int:
    """Remove the stack and every trace of it, then prove it by looking again.

    Shows what goes, with the number of runs, models and bytes that would be lost; asks for the
    stack's name to be typed, unless --yes is given. Works from any machine: AWS's tags say what
    belongs to the stack.
    """
    ask, dry_run = not options["yes"], options["dry_run"]
    keep = Keep(data=options["keep_data"], backup=not options["no_backup"])
    screen = call.screen()
    try:
        stack = call.stack()
    except NotReady:
        return _remains(call, screen, ask=ask, dry_run=dry_run)
    down = Down(call, screen, keep)
    try:
        if dry_run or ask:
            look = down.look(stack, show=True)
            if dry_run:
                return going.dry_run(screen, look, keep)
            if look.found:
                removal.agreed(screen, stack, keep=keep.data)
        return down.run(stack, show=not ask)
    finally:
        stack.hang_up()


def _remains(call: Call, screen: Screen, *, ask: bool, dry_run: bool) -> int:
    """Remove what is left of a sandbox that does not answer, and its process if it has one yet."""
    nothing: dict[str, list[str]] = {"destroyed": [], "left": [], "kept": [], "failures": []}
    folder = call.settings.sandbox_folder
    if not sandbox.remains(folder):
        if not dry_run:
            stop_sandbox(call.settings)  # of a start that was killed, an empty folder may be left
        screen.say("There is no such sandbox: nothing to remove.")
        screen.result({"would_destroy": []} if dry_run else nothing)
        return 0
    screen.say(
        f"The sandbox does not answer. What it has left in {folder} goes: its host's files, "
        "with the database of the runs; the bucket is gone already."
    )
    if dry_run:
        screen.result({"would_destroy": [str(folder)]})
        return 0
    if ask:
        screen.confirm_by_typing(*removal.typed(call.settings.name))
    stop_sandbox(call.settings)
    screen.result({**nothing, "destroyed": [str(folder)]})
    return 0
