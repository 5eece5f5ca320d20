"""Taking a named backup, and proving that it can be read before it counts as one."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib import metadata
from typing import TYPE_CHECKING, Any

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import databases, following, places, plain
from mlflow_ops.backup.keeper.places import Failed

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_ops.backup.keeper.bucket import Bucket

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
LEVEL = 3  # of gzip: the host has one slow processor or two, and somebody waits
# Which keep even what is damaged, for the sake of who knows how to repair it.
ANYWAY = ("before-restore", "before-upgrade")


@dataclass(frozen=True)
class Wish:
    """The backup that is to be taken."""

    name: str
    kind: str
    mlflow: str = ""

    def key(self, file: str) -> str:
        """Return where the bucket has one of its files."""
        return f"{layout.NAMED}/{self.name}/{file}"


def take(bucket: Bucket, wish: Wish) -> dict[str, Any]:
    """Take a backup of the databases in use; return its manifest once it has been read back.

    Raises Failed for a name that is taken, for damaged databases, and when it cannot be read.
    """
    _check_name(bucket, wish)
    following.sync(bucket)
    present = places.databases(places.data())
    if not present:
        raise Failed("The server has no database yet: there is nothing to back up.")
    places.check_room(2 * places.sizes(present), "for a copy of the database")
    moment = datetime.now(timezone.utc)
    with places.scratch("taking") as folder:
        damaged = _copied(present, folder, wish)
        manifest = _manifest(folder, wish, moment, damaged=damaged)
        try:
            _upload(bucket, wish, folder, manifest)
            _read_back(bucket, wish, folder, manifest)
        except BaseException:
            _forget(bucket, wish)
            raise
    return manifest


def _check_name(bucket: Bucket, wish: Wish) -> None:
    if not NAME.fullmatch(wish.name):
        raise Failed(f"{wish.name!r} cannot be a backup's name.")
    if bucket.manifest(wish.name) is not None:
        raise Failed(f"There is a backup {wish.name!r} already: choose another name.")


def _copied(present: list[Path], folder: Path, wish: Wish) -> bool:
    """Copy the databases into the folder; return whether one of them is damaged."""
    faults = [found for path in present if (found := _copy(path, folder / path.name))]
    if faults and wish.kind not in ANYWAY:
        raise Failed(
            f"The server's own {faults[0]}. No backup was taken, and the older ones stay: "
            "`mlflow-ops restore` puts a good one in its place."
        )
    return bool(faults)


def _copy(path: Path, target: Path) -> str:
    """Copy one database, byte by byte if SQLite cannot; return what is wrong with it."""
    try:
        databases.copy(path, target)
        return databases.fault(target)
    except sqlite3.DatabaseError as error:
        if not databases.is_damage(error):
            raise
        target.unlink(missing_ok=True)
        for each in (path, *places.beside(path)):
            plain.copy_file(each, target.with_name(each.name))
        return f"{path.name} is damaged: {error}"


def _manifest(folder: Path, wish: Wish, moment: datetime, *, damaged: bool) -> dict[str, Any]:
    files = {
        path.name: {"sha256": databases.sha256(path), "size": path.stat().st_size}
        for path in sorted(folder.iterdir())
    }
    known = {"counts": {}, "revision": ""} if damaged else databases.facts(folder)
    return {
        "format": 1,
        "name": wish.name,
        "kind": wish.kind,
        "taken": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "mlflow": wish.mlflow or metadata.version("mlflow"),
        **known,
        "files": files,
        "bytes": 0,
        "damaged": damaged,
    }


def _upload(bucket: Bucket, wish: Wish, folder: Path, manifest: dict[str, Any]) -> None:
    for name in manifest["files"]:
        packed = folder / f"{name}.gz"
        with (folder / name).open("rb") as whole, gzip.open(packed, "wb", LEVEL) as file:
            shutil.copyfileobj(whole, file, databases.PIECE)
        (folder / name).unlink()  # to have room for reading it back
        bucket.put(packed, wish.key(packed.name))
        manifest["bytes"] += packed.stat().st_size
        packed.unlink()


def _read_back(bucket: Bucket, wish: Wish, folder: Path, manifest: dict[str, Any]) -> None:
    """Fetch all of it from the bucket, check it, and only then write the manifest."""
    for name, expected in manifest["files"].items():
        bucket.unpacked(wish.key(f"{name}.gz"), folder / name, expected)
    if not manifest["damaged"]:
        for path in places.databases(folder):
            databases.check(path)
        if databases.facts(folder)["counts"] != manifest["counts"]:
            raise Failed("The backup holds something else when it is read back: take another.")
    bucket.put_text(wish.key(layout.MANIFEST), json.dumps(manifest, indent=1))
    if bucket.manifest(wish.name) != manifest:
        raise Failed("The backup's manifest is another when it is read back: take another backup.")


def _forget(bucket: Bucket, wish: Wish) -> None:
    """Take away what a failure has left, the manifest first."""
    files = [layout.MANIFEST, *(f"{name}.gz" for name in layout.DATABASES)]
    for file in files:
        with contextlib.suppress(Exception):  # the first failure is what the user must hear of
            bucket.remove([wish.key(file)])
