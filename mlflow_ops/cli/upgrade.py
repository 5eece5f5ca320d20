"""`mlflow-ops upgrade`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mlflow_ops import lease, upgrading
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.reach import connection, shut_out
from mlflow_ops.upgrading import choosing

if TYPE_CHECKING:
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.upgrading import Upgraded


@stack_command(
    example="$ mlflow-ops upgrade --mlflow 3.17.1\n"
    "(the server runs MLflow 3.17.1, or as before if that does not serve)"
)
@click.option(
    "--mlflow",
    "version",
    metavar="VERSION",
    help="Which MLflow  [default: the one that ships with mlflow-ops, pinned with all it needs].",
)
def command(call: Call, *, version: str | None) -> None:
    """Run the server on another version of MLflow, or as before.

    Makes the new environment beside the present one, takes a backup, brings a copy of the database
    up to date, switches, and looks through the public URL. If anything fails, the server goes on
    with the version and the database from before.
    """
    choosing.check(version)
    screen, stack = call.screen(), call.stack()
    stack = connection.located(stack, call.settings)
    try:
        connection.check_known(stack)
        with lease.held(stack, call.settings.home, "upgrade") as hold, shut_out.explained(stack):
            done = upgrading.upgrade(replace(stack, check_hold=hold.check), version, screen)
    finally:
        stack.hang_up()
    if hold.farewell:
        screen.say(hold.farewell)
    _shown(screen, done)


def _shown(screen: Screen, done: Upgraded) -> None:
    """Say what the server runs with, and whether anybody has pinned that."""
    if not done.changed:
        screen.say(f"The server runs with MLflow {done.now.version} already: nothing was changed.")
    else:
        screen.say(f"The server runs with MLflow {done.now.version}, before {done.before.version}.")
    if not done.pinned:
        screen.say(
            "It is not pinned: what it needs was resolved on the host, from the package index. "
            "`mlflow-ops upgrade` takes what ships with mlflow-ops, where the database allows it."
        )
    screen.result(
        {
            "mlflow": done.now.version,
            "before": done.before.version,
            "pinned": done.pinned,
            "changed": done.changed,
            "backup": done.backup or None,
        }
    )
