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
    from mlflow_ops.reach.client import Client
    from mlflow_ops.stack import Stack


@stack_command(example='eval "$(mlflow-ops env)"')
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
        if call.json:
            screen.result(document(stack, found))
        else:
            chosen = shell or shells.usual(os.environ.get("SHELL", ""))
            unset = (*client.LOGINS, *(client.CONTRARY if found.keys else ()))
            click.echo(shells.commands(chosen, found.exports, unset))


def document(stack: Stack, found: Client) -> dict[str, str | None]:
    """Return where the server is, and which files have what it takes to get in: nothing secret."""
    here = stack.folder.admin_password if found.username and reaching.password_here(stack) else None
    return {
        "uri": found.uri,
        "username": found.username or None,
        "certificate": str(found.ca) if found.ca else None,
        "password_file": str(here) if here else None,
    }


def _close(call: Call, screen: Screen) -> None:
    try:
        ended = tunnel.end(call.stack().folder)
    except NotReady:  # a sandbox that is gone: then its tunnel leads nowhere
        ended = False
    # On stderr, as all words of a command whose stdout a shell evaluates.
    Screen(as_json=True).say("The tunnel is closed." if ended else "There is no tunnel.")
    screen.result({"closed": ended})
