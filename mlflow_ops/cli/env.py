"""`mlflow-ops env`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.show import Screen
from mlflow_ops.errors import NotReady
from mlflow_ops.reach import client, connection, reaching, shells, tunnel

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_ops.reach.client import Client


@stack_command(
    example='$ eval "$(mlflow-ops env)"\n'
    "(this shell's MLflow clients use the server: python my_training.py)"
)
@click.option(
    "--shell",
    type=click.Choice(shells.SHELLS),
    help="Whose commands to print  [default: those of $SHELL].",
)
@click.option("--close", is_flag=True, help="End the tunnel that an earlier `env` has started.")
def command(call: Call, *, shell: str | None, close: bool) -> None:
    """Print the shell commands that make this shell's MLflow clients clients of the server.

    They set MLFLOW_TRACKING_URI, the login and the path of the CA's certificate. For a stack with
    --access tunnel, a process in the background holds an SSH tunnel until nobody has used it for
    12 hours. In fish: mlflow-ops env | source; in PowerShell:
    mlflow-ops env --shell powershell | Out-String | Invoke-Expression
    """
    screen = Screen(as_json=call.json)
    if close:
        _close(call, screen)
        return
    stack = call.stack()
    with connection.held(stack, call.settings, tunnel.held) as found:
        known = found.username and reaching.password_here(stack)
        told(screen, found, stack.folder.admin_password if known else None, shell)


def told(screen: Screen, found: Client, password: Path | None, shell: str | None) -> None:
    """Print the commands, or as JSON which files have what it takes to get in: nothing secret."""
    if not screen.as_json:
        chosen = shell or shells.usual(os.environ.get("SHELL", ""))
        unset = (*client.LOGINS, *(client.CONTRARY if found.keys else ()))
        click.echo(shells.commands(chosen, found.exports, unset))
    screen.result(
        {
            "uri": found.uri,
            "username": found.username or None,
            "certificate": str(found.ca) if found.ca else None,
            "password_file": str(password) if password else None,
        }
    )


def _close(call: Call, screen: Screen) -> None:
    try:
        ended = tunnel.end(call.stack().folder)
    except NotReady:  # a sandbox that is gone: then its tunnel leads nowhere
        ended = False
    closed(screen, ended=ended)


def closed(screen: Screen, *, ended: bool) -> None:
    """Say that there is no tunnel, and whether there was one."""
    # On stderr, as all words of a command whose stdout a shell evaluates.
    Screen(as_json=True).say("The tunnel is closed." if ended else "There is no tunnel.")
    screen.result({"closed": ended})
