"""`mlflow-ops backup`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mlflow_ops import lease
from mlflow_ops.backup import keeping, layout, sources
from mlflow_ops.backup.manifest import NAME
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.errors import BadOption
from mlflow_ops.reach import connection, shut_out

if TYPE_CHECKING:
    from mlflow_ops.backup.manifest import Manifest
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.stack import Stack

KIND = "manual"
# What `restore` would not read as a name.
TAKEN = re.compile(f"{sources.LATEST}|[0-9tz-]+")


@stack_command(
    example="$ mlflow-ops backup before-cleaning-up\n"
    "(a backup of this name is taken, read back, and what it holds is told)"
)
@click.argument("chosen", metavar="[NAME]", required=False)
def command(call: Call, *, chosen: str | None) -> None:
    """Take a backup of the runs, models and users now, and prove that it can be read.

    The host copies its databases while the server runs, sends them to the stack's bucket, fetches
    them from there again and checks them. NAME is of a-z, 0-9 and -. It stays until `down`.
    """
    screen = call.screen()
    if chosen is not None and (not NAME.fullmatch(chosen) or TAKEN.fullmatch(chosen)):
        raise BadOption(
            f"{chosen!r} cannot be a backup's name: take at most 41 of a-z, 0-9 and -, and no - at "
            "its beginning. What `mlflow-ops restore` reads as a time, or as the latest, is none."
        )
    stack = connection.located(call.stack(), call.settings)
    try:
        with shut_out.explained(stack), lease.held(stack, call.settings.home, "backup") as hold:
            taken = _taken(replace(stack, check_hold=hold.check), chosen)
    finally:
        stack.hang_up()
    _shown(screen, stack, taken)


def _taken(stack: Stack, name: str | None) -> Manifest:
    stamp = layout.stamp(stack.aws.now()).lower()
    return keeping.take(stack, name or f"{KIND}-{stamp}", KIND)


def _shown(screen: Screen, stack: Stack, taken: Manifest) -> None:
    screen.say(f"Backup {taken.name}: {taken}. It was read back from the bucket and is good.")
    screen.say(f"To have it back: `mlflow-ops restore {taken.name}`")
    place = f"s3://{stack.names.bucket}/{layout.NAMED}/{taken.name}"
    screen.result({"stack": stack.names.stack, "backup": taken.document, "place": place})
