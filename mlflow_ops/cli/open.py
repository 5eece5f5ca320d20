"""`mlflow-ops open`."""

from __future__ import annotations

import os
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING

import click

from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.errors import BadOption
from mlflow_ops.reach import connection, page, reaching, shut_out
from mlflow_ops.reach.tunnel import note

if TYPE_CHECKING:
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.reach.page import Page
    from mlflow_ops.stack import Stack

WAYS = {
    "direct": "straight from its address",
    "port": "from its open port",
    "tunnel": "through an SSH tunnel",
}


@stack_command(
    example="$ mlflow-ops open\n"
    "(the browser shows the page, without a warning of a certificate, until Ctrl-C)"
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port of this machine  [default: the same each time].",
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def command(call: Call, *, port: int | None, no_browser: bool) -> None:
    """Open the MLflow page in the browser, without a certificate warning, until Ctrl-C.

    It is served at a plain address of this machine: what comes from there goes on by TLS to the
    server's open port, or through an SSH tunnel where that is not to be reached.
    """
    screen = call.screen()
    stack = connection.located(call.stack(), call.settings)
    wished = port or note.usual_port(stack.names, "open")
    try:
        with shut_out.explained(stack):
            connection.check_known(stack, login=False)
            with page.served(stack, wished, lambda error: screen.say(str(error))) as found:
                _check(found, port)
                _tell(screen, stack, found)
                if not no_browser:
                    show(found.uri)
                if found.way != "direct":
                    _wait()
    finally:
        stack.hang_up()


def _check(found: Page, port: int | None) -> None:
    if port and found.way != "direct" and not found.uri.endswith(f":{port}"):
        raise BadOption(f"The port {port} of this machine is taken, or not for you: name another.")


def _tell(screen: Screen, stack: Stack, found: Page) -> None:
    user = reaching.username(stack) or None
    here = stack.folder.admin_password if user and reaching.password_here(stack) else None
    screen.say(f"MLflow: {found.uri}  ({WAYS[found.way]})")
    if stack.shape.login:
        screen.say(f"  user      {user or 'your own'}")
        screen.say(f"  password  {f'in {here}' if here else 'your own'}")
    if found.way != "direct":
        screen.say("Ctrl-C ends it.")
    words = {"uri": found.uri, "way": found.way, "username": user}
    screen.result({**words, "password_file": str(here) if here else None})
    sys.stdout.flush()


def show(uri: str) -> None:
    """Open an address in the browser, where there is a screen for one."""
    # Without a screen there may be a browser for terminals, which would take this one.
    graphic = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    if sys.platform == "darwin" or any(os.environ.get(name) for name in graphic):
        webbrowser.open(uri)


def _wait() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:  # as told
        return
