"""Putting databases in place of those in use, and back; nobody may have them open meanwhile.

A kill between any two of these moves loses nothing, and doing it again goes on from there:

1. Each database becomes one file, its WAL taken in, which SQLite does only for its sole user.
2. A second name for each old file is made in `replaced`, which gets its own name when it is whole.
3. The new file is renamed over the old: at any moment the server's folder has one of the two.

What lies beside a database that is too damaged to be made one file goes to `replaced` before the
new one comes: SQLite would take another's WAL for its own.
https://www.sqlite.org/howtocorrupt.html#_unlinking_or_renaming_a_database_file_while_in_use
"""

from __future__ import annotations

import os
import sqlite3
from typing import TYPE_CHECKING, Any

from mlflow_ops.backup.keeper import databases, places, state
from mlflow_ops.backup.keeper.places import Failed

if TYPE_CHECKING:
    from pathlib import Path

BUSY = ("locked", "busy")


def place() -> dict[str, Any]:
    """Put what is staged in place; what was there is in `replaced` after that.

    Raises Failed when nothing good is staged, or somebody has a database open. Again after a kill:
    goes on. A database that the backup does not have stays as it is.
    """
    if (before := state.about()) and not places.staged().is_dir():
        return {"placed": before["names"]}
    begun = bool(state.staged_id()) and state.about().get("id") == state.staged_id()
    new = _checked_staged(begun=begun)
    for path in new:
        _make_single(places.data() / path.name)
    names = state.about()["names"] if begun else _keep_old(new)
    places.data().mkdir(mode=0o700, exist_ok=True)
    for path in new:
        _swap(path)
    places.remove(places.staged())
    return {"placed": names}


def put_back() -> dict[str, Any]:
    """Put back what was in place before; what is there now is gone. Nothing to do: no error."""
    about = state.about()
    for name in about.get("names", []):
        _make_single(places.data() / name)
    for name in about.get("names", []):
        _put_back(name, had=name in about["had"])
    places.remove(places.replaced())
    return {"put_back": about.get("names", [])}


def settle() -> dict[str, Any]:
    """Remove what was in place before, and what is staged."""
    places.remove(places.replaced())
    places.remove(places.staged())
    return {}


def _checked_staged(*, begun: bool) -> list[Path]:
    new = places.databases(places.staged())
    if not (new or begun) or not state.staged_id():
        raise Failed("No backup is staged on the host: run the same command again.")
    for path in new:
        try:
            databases.single(path)  # ends what a kill has left of a change
        except sqlite3.DatabaseError as error:
            raise Failed(f"The staged {path.name} is damaged: {error}.") from error
        databases.check(path)
    return new


def _make_single(path: Path) -> None:
    """Take a database's WAL into its one file, if it is not too damaged for that."""
    try:
        if path.is_file() and databases.is_readable(path):
            databases.single(path)
    except sqlite3.DatabaseError as error:
        if any(word in str(error) for word in BUSY):
            raise Failed(f"Somebody has {path.name} open: stop the server first.") from error
        if not databases.is_damage(error):
            raise


def _keep_old(new: list[Path]) -> list[str]:
    """Give the databases in use a second name in a new `replaced`."""
    places.remove(places.replaced())
    names = [path.name for path in new]
    old = [places.data() / name for name in names if (places.data() / name).is_file()]
    with places.scratch("replacing") as folder:
        for path in old:
            os.link(path, folder / path.name)
        state.finish(folder, names, [path.name for path in old])
    return names


def _swap(new: Path) -> None:
    target = places.data() / new.name
    for each in places.beside(target):
        each.replace(places.replaced() / each.name)
    places.sync(places.replaced(), places.data())
    new.replace(target)
    places.sync(places.data(), places.staged())


def _put_back(name: str, *, had: bool) -> None:
    target, old = places.data() / name, places.replaced() / name
    if old.is_file() or not had:  # else it is back already
        for each in places.beside(target):
            each.unlink()
        places.sync(places.data())
        if had:
            old.replace(target)
        else:
            target.unlink(missing_ok=True)
    for each in places.beside(old):
        each.replace(places.data() / each.name)
    places.sync(places.data(), places.replaced())
