"""`mlflow-ops stop --local`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import local
from mlflow_ops.errors import NotReady
from mlflow_ops.local import process

if TYPE_CHECKING:
    from mlflow_ops.cli.command import Call


def command(call: Call) -> int:
    """End the server; its runs stay. Raises NotReady where there is none."""
    screen, place = call.screen(), local.place(call.settings)
    if not place.exists():
        raise NotReady(local.absence(call.settings))
    with place.alone():
        ended = process.end(place, call.clock)
    screen.say(f"The server is stopped{'' if ended else ' already'}: {place.folder} keeps it all.")
    screen.say("To go on with it: `mlflow-ops start`")
    screen.result({"instance": None, "state": "stopped"})
    return 0
