"""`mlflow-ops up --local` and `mlflow-ops start --local`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mlflow_ops import local
from mlflow_ops.cli.here.status import document
from mlflow_ops.local import command as server_command
from mlflow_ops.local import process, starting

if TYPE_CHECKING:
    from mlflow_ops.cli.command import Call
    from mlflow_ops.cli.show import Screen


def command(call: Call, *, yes: bool = True, dry_run: bool = False) -> int:  # noqa: ARG001 - it costs nothing and opens nothing, so there is nothing to ask
    """Start the server, unless it runs, and say where it is."""
    screen, place = call.screen(), local.place(call.settings)
    if dry_run:
        return _planned(call, screen)
    before = process.noted(place)
    with screen.step("server", "start"):
        found = starting.start(place, call.clock)
    screen.done(f"{found.uri}  {place.folder}")
    if before and before.port != found.port:
        screen.say(found.moved_from(before.port))
    _told(call, screen, found.uri)
    screen.result(document(call.settings, place))
    return 0


def _planned(call: Call, screen: Screen) -> int:
    place = local.place(call.settings)
    found = process.running(place)
    words = shlex.join(server_command.words(found.port if found else starting.next_port(place)))
    action = "keep" if found else "start"
    screen.say(f"Server {call.settings.name!r} on this machine, which costs nothing:")
    screen.row(f"  {action}  in {place.folder}: {words}")
    screen.result(
        {
            "stack": call.settings.name,
            "target": "local",
            "account": None,
            "region": None,
            "plan": [
                {
                    "step": "server",
                    "action": action,
                    "what": words,
                    "usd_month": 0.0,
                    "parts": [],
                    "settings": {},
                }
            ],
            "cost": "It costs nothing.",
            "usd_month": 0.0,
            "documents": [],
            "commands": [],
            "remarks": [],
        }
    )
    return 0


def _told(call: Call, screen: Screen, uri: str) -> None:
    again = call.again
    screen.say(f"\nThe MLflow server is ready: {uri}")
    screen.say("It asks for no login: whoever has an account on this machine reaches it.")
    screen.say(f"  to see that it works   mlflow-ops check{again}")
    screen.say(f"  a run to prove it      mlflow-ops train{again} --alpha 0.6")
    screen.say(f"  your own training      mlflow-ops run{again} -- python my_training.py")
    screen.say(f"  its page               mlflow-ops open{again}")
    screen.say(f"  to end it for now      mlflow-ops stop{again}")
    screen.say(f"  to remove it all       mlflow-ops down{again}")
