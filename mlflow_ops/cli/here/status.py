"""`mlflow-ops status --local`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops import local
from mlflow_ops.cli.here.words import held
from mlflow_ops.errors import NotReady, WrongPlace
from mlflow_ops.local import process

if TYPE_CHECKING:
    from mlflow_ops.cli.command import Call
    from mlflow_ops.local.place import Place
    from mlflow_ops.settings import Settings


def command(call: Call) -> int:
    """Show whether the server answers, and what it holds; the exit codes are a stack's."""
    screen, place = call.screen(), local.place(call.settings)
    said = document(call.settings, place)
    screen.say(f"Server {call.settings.name!r} on this machine (local): {said['state']}")
    for each in said["steps"]:
        screen.row(f"  {each['step']:<9} {each['state']:<8} {each['id'] or ''}  {each['detail']}")
    if said["tracking_uri"] is None:
        screen.say(local.absence(call.settings))
    screen.result(said)
    return 0 if said["state"] == "ready" else NotReady.exit_code


def document(settings: Settings, place: Place) -> dict[str, Any]:
    """Return what `status --json` prints: the document of a stack, with a server and its store."""
    found = process.running(place)
    state, why = _state(place, found)
    uri = found.uri if found else None
    server = {"id": uri, "state": state, "detail": why}
    store: dict[str, str | None] = {"id": None, "state": "missing", "detail": ""}
    if place.exists():
        store = {"id": str(place.folder), "state": "ready", "detail": held(place)}
    return {
        "stack": settings.name,
        "target": "local",
        "account": None,
        "region": None,
        "state": {"missing": "absent"}.get(state, state),
        "tracking_uri": uri,
        "access": None,
        "backup": None,
        "lifetime": None,
        "cost": None,
        "steps": [{"step": "server", **server}, {"step": "store", **store}],
    }


def _state(place: Place, found: process.Running | None) -> tuple[str, str]:
    if found is None and process.lives(place):
        return "pending", "runs, on a port that is not known"
    if found is None:
        return ("stopped" if place.exists() else "missing"), ""
    try:
        local.reached(place, found)
    except (NotReady, WrongPlace) as error:
        return "pending", str(error)
    return "ready", f"process group {found.group}"
