"""`mlflow-ops restore`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mlflow_ops import contents, lease
from mlflow_ops.backup import restoring, sources
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.reach import connection, shut_out

if TYPE_CHECKING:
    from mlflow_ops.backup.restoring import Restored
    from mlflow_ops.backup.sources import Source
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.stack import Stack


@stack_command(
    example="$ mlflow-ops restore 2026-11-23T21:40 --yes\n"
    "(the server holds again what it held then; what it holds now is backed up first)"
)
@click.argument("which", metavar="[WHICH]", required=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(call: Call, *, which: str | None, yes: bool) -> None:
    """Put a backup in the place of what the server holds.

    WHICH is a backup's name, a time, UTC unless it says another zone, or latest, the newest change
    that the bucket has; without it, the newest of the backups that were taken by hand, by day or
    by `stop` is meant. Runs, models and users are replaced; artifacts stay as they are in the
    bucket. What the server holds now is backed up first, and comes back if it does not work with
    the other.
    """
    screen = call.screen()
    stack = connection.located(call.stack(), call.settings)
    try:
        with shut_out.explained(stack):
            source = sources.chosen(stack, which) if which else sources.newest_named(stack)
            screen.say(f"The server holds {contents.served(stack)}.")
            screen.say(f"In its place comes {source}.")
            if not yes:
                screen.confirm("Replace it?")
            restored = _restored(call, screen, stack, source)
    finally:
        stack.hang_up()
    _say(screen, source, restored)


def _restored(call: Call, screen: Screen, stack: Stack, source: Source) -> Restored:
    """Under the stack's lock, restore; the steps of it are shown as one."""
    with lease.held(stack, call.settings.home, "restore") as hold:
        held = replace(stack, check_hold=hold.check)
        with screen.step("restore", str(source)) as voice:
            restored = restoring.restore(replace(held, voice=voice), source)
        screen.done(f"{restored.staged.counts}")
    if hold.farewell:
        screen.say(hold.farewell)
    return restored


def _say(screen: Screen, source: Source, restored: Restored) -> None:
    kept = "" if restored.staged.users else ", but for the users, whom the backup does not have"
    when = source.moment.strftime(sources.ZONED)
    screen.say(f"The server holds {restored.staged.counts} now, as of {when}{kept}.")
    screen.say(f"As it was before: `mlflow-ops restore {restored.before}`")
    screen.result(
        {
            "restored": source.name,
            "kind": source.kind,
            "as_of": source.moment.isoformat(),
            **vars(restored.staged.counts),
            "before": restored.before,
        }
    )
