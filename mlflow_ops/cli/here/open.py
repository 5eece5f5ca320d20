"""`mlflow-ops open --local`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.cli import open as pages

if TYPE_CHECKING:
    from mlflow_ops.cli.command import Call


def command(call: Call, *, no_browser: bool) -> None:
    """Open the server's page in the browser, and come back at once."""
    screen = call.screen()
    with call.server() as found:
        screen.say(f"MLflow: {found.uri}")
        screen.result({"uri": found.uri, "way": "direct", "username": None, "password_file": None})
        if not no_browser:
            pages.show(found.uri)
