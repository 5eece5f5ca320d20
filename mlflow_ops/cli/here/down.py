"""`mlflow-ops down --local`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from mlflow_ops import local
from mlflow_ops.cli import removal
from mlflow_ops.cli.here.words import held
from mlflow_ops.errors import NotReady
from mlflow_ops.local import process

if TYPE_CHECKING:
    from mlflow_ops.cli.command import Call
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.local.place import Place


def command(call: Call, *, yes: bool, dry_run: bool) -> int:
    """End the server and remove its store, after saying how many runs go with it."""
    screen, place = call.screen(), local.place(call.settings)
    if not place.exists():
        screen.say(f"There is no server {call.settings.name!r} on this machine: nothing to remove.")
        screen.result({"would_destroy": []} if dry_run else _document([]))
        return 0
    screen.row(f"Server {call.settings.name!r} on this machine loses {place.folder},")
    screen.say(f"and with it {held(place)}.")
    if dry_run:
        screen.result({"would_destroy": [str(place.folder)]})
        return 0
    if not yes:
        screen.confirm_by_typing(*removal.typed(call.settings.name))
    with place.alone():
        process.end(place, call.clock)
        place.remove(call.settings.home)
    return _ended(screen, place)


def _ended(screen: Screen, place: Place) -> int:
    """Say what is left, which can only be files that no server of ours has written."""
    said, folder = _document([str(place.folder)]), str(place.folder)
    if place.folder.exists():
        remove = shlex.join(("rm", "-r", folder))
        screen.row(f"Left: folder {folder}, with files that are not the server's: {remove}")
        said["left"] = [{"kind": "folder", "id": folder, "command": remove}]
    else:
        screen.say("Looked again: nothing of it is left.")
    screen.result(said)
    return NotReady.exit_code if said["left"] else 0


def _document(destroyed: list[str]) -> dict[str, list[Any]]:
    return {"destroyed": destroyed, "left": [], "kept": [], "failures": []}
