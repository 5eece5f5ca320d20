"""What lies on the host besides the databases in use: staged ones, and those of before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_ops.backup.keeper import places
from mlflow_ops.backup.keeper.staging import ID

if TYPE_CHECKING:
    from pathlib import Path

# What `replaced` is: of which staging it came, and which databases there were.
ABOUT = "about.json"


def look() -> dict[str, Any]:
    """Return which databases are in place, in `data`, which are `staged` and which `replaced`."""
    folders = {"data": places.data(), "staged": places.staged(), "replaced": places.replaced()}
    return {key: [p.name for p in places.databases(folder)] for key, folder in folders.items()}


def finish(folder: Path, names: list[str], had: list[str]) -> None:
    """Give a folder that is whole its name, `replaced`; `had` are those that were there before."""
    places.write(folder / ABOUT, json.dumps({"id": staged_id(), "names": names, "had": had}))
    places.remove(places.replaced())
    folder.replace(places.replaced())
    places.sync(places.home())


def about() -> dict[str, Any]:
    """Return what `replaced` is; nothing when there is none."""
    try:
        found: dict[str, Any] = json.loads((places.replaced() / ABOUT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def staged_id() -> str:
    """Return which staging it is; nothing when none is whole."""
    try:
        return (places.staged() / ID).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
