"""Fetching a backup into a folder of its own, and checking it; the databases in use stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import databases, places, streaming
from mlflow_ops.backup.keeper.places import Failed

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_ops.backup.keeper.bucket import Bucket

# Tells one staging from the next, so that a `place` that was killed knows what it had begun.
ID = "id"


def stage(
    bucket: Bucket, named: str = "", stream: str = "", at: str | None = None
) -> dict[str, Any]:
    """Fetch a named backup, or a stream as of a moment; return what it holds.

    Raises Failed for one that is damaged, or not of an MLflow server; then nothing is staged.
    """
    places.remove(places.staged())
    with places.scratch("fetching") as folder:
        if named:
            manifest = _fetch_named(bucket, named, folder)
        else:
            manifest = {}
            streaming.fetch(bucket, stream, at, folder)
        if not (folder / layout.MLFLOW_DB).is_file():
            raise Failed(f"The backup has no {layout.MLFLOW_DB}.")
        for path in places.databases(folder):
            databases.check(path)
            databases.single(path)
        found = _summary(folder, manifest)
        places.write(folder / ID, uuid4().hex)
        folder.replace(places.staged())
    places.sync(places.home())
    return found


def _fetch_named(bucket: Bucket, name: str, folder: Path) -> dict[str, Any]:
    manifest = bucket.manifest(name)
    if manifest is None:
        raise Failed(f"There is no backup {name!r} in the bucket: see `mlflow-ops backups`.")
    if manifest["damaged"]:
        raise Failed(f"The backup {name!r} holds a database that was damaged already.")
    places.check_room(sum(int(each["size"]) for each in manifest["files"].values()), "to fetch it")
    for file, expected in manifest["files"].items():
        bucket.unpacked(f"{layout.NAMED}/{name}/{file}.gz", folder / file, expected)
    return manifest


def _summary(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    found = databases.facts(folder)
    if manifest and found["counts"] != manifest["counts"]:
        raise Failed("The backup does not hold what its manifest tells of: damaged.")
    files = [path.name for path in places.databases(folder)]
    return {**found, "files": files, "mlflow": manifest.get("mlflow", "")}
