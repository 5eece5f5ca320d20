"""`mlflow-ops env --local`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.cli import env
from mlflow_ops.cli.show import Screen

if TYPE_CHECKING:
    from mlflow_ops.cli.command import Call


def command(call: Call, *, shell: str | None, close: bool) -> None:
    """Print the shell commands that make this shell's MLflow clients use the server."""
    screen = Screen(as_json=call.json)
    if close:
        env.closed(screen, ended=False)
        return
    with call.server() as found:
        env.told(screen, found, None, shell)
