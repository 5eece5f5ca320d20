"""What the host does once a day: a backup of its own, and away with those of more than a month."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import places, planning, streaming, taking
from mlflow_ops.backup.keeper.places import Failed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_ops.backup.keeper.bucket import Bucket

KEPT = timedelta(days=31)
# A backup that was killed has no manifest; one at work for less than this may still get it.
UNFINISHED = timedelta(days=1)
PASSING = ("daily", "stop", "before-restore", "before-upgrade", "import", "export")


def daily(bucket: Bucket) -> dict[str, Any]:
    """Take today's backup, unless there is one, and then remove what is too old."""
    now = datetime.now(timezone.utc)
    wish = taking.Wish(f"daily-{now:%Y%m%d}", "daily")
    if bucket.manifest(wish.name) is None:
        taking.take(bucket, wish)
        # Only now: it has been found sound, and who writes into a damaged one may lose more of it.
        planning.refresh(places.data() / layout.MLFLOW_DB)
    removed = [*_old_named(bucket, now), *_old_streams(bucket, now)]
    return {"name": wish.name, "removed": removed}


def _old_named(bucket: Bucket, now: datetime) -> Iterator[str]:
    for name, objects in _folders(bucket.listed(f"{layout.NAMED}/"), layout.NAMED):
        if _is_old(bucket, name, objects, now):
            keys = [each["Key"] for each in objects]
            # The manifest first: what has none is no backup.
            bucket.remove(sorted(keys, key=lambda key: not key.endswith(layout.MANIFEST)))
            yield name


def _is_old(bucket: Bucket, name: str, objects: list[dict[str, Any]], now: datetime) -> bool:
    age = now - max(each["LastModified"] for each in objects)
    if not any(each["Key"].endswith(f"/{layout.MANIFEST}") for each in objects):
        return bool(age > UNFINISHED)
    if age <= KEPT:
        return False
    try:
        manifest = bucket.manifest(name) or {}
    except Failed:  # what nobody can read is not for us to judge
        return False
    return manifest.get("kind") in PASSING


def _old_streams(bucket: Bucket, now: datetime) -> Iterator[str]:
    present = streaming.present()
    if not present:
        return
    for stamp, objects in _folders(bucket.listed(f"{layout.STREAM}/"), layout.STREAM):
        newest = max(each["LastModified"] for each in objects)
        if stamp != present and now - newest > KEPT:
            bucket.remove([each["Key"] for each in objects])
            yield stamp


def _folders(
    objects: Iterable[dict[str, Any]], prefix: str
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield each folder below a prefix with its objects, which S3 lists in order."""
    name, held = "", list[dict[str, Any]]()
    for each in objects:
        folder, inside, _ = each["Key"][len(prefix) + 1 :].partition("/")
        if not inside:
            continue
        if folder != name and held:
            yield name, held
            held = []
        name = folder
        held.append(each)
    if held:
        yield name, held
