"""The parts in S3: what is stored, counted object by object, and an estimate of the requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from mlflow_ops.backup import layout
from mlflow_ops.contents import counted, sized
from mlflow_ops.costs.part import Part
from mlflow_ops.prices import GIB, HOURS
from mlflow_ops.s3.emptying import pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from types_boto3_s3 import S3Client

    from mlflow_ops.prices import Prices

DAY = timedelta(days=1)
# What Litestream 0.5.17 asks of S3 an hour with our settings while nobody writes, as measured:
# four listings every ten minutes and six every hour, which cost as much as writing.
BACKUP_HOUR = 30.0
STREAM = f"{layout.STREAM}/"


@dataclass
class Stored:
    """How many objects there are of a kind, their bytes, and for how long: in GiB-hours."""

    objects: int = 0
    size: int = 0
    gib_hours: float = 0.0

    def add(self, size: int, age: timedelta) -> None:
        """Count one more."""
        self.objects += 1
        self.size += size
        self.gib_hours += size / GIB * max(0.0, age.total_seconds() / 3600)


@dataclass
class Weight:
    """What a bucket holds, older versions too; `recent` objects were written within a day."""

    artifacts: Stored
    backups: Stored
    recent: int = 0
    since: datetime | None = None

    def add(self, version: Any, now: datetime) -> None:  # noqa: ANN401 - AWS's own description
        """Count one object; the stream's come and go at a rate of their own."""
        key, written = version["Key"], version["LastModified"]
        kind = self.backups if key.startswith(f"{layout.BACKUPS}/") else self.artifacts
        kind.add(version["Size"], now - written)
        self.recent += now - written < DAY and not key.startswith(STREAM)
        self.since = min(self.since or written, written)

    @property
    def objects(self) -> int:
        """How many objects there are."""
        return self.artifacts.objects + self.backups.objects


def weigh(s3: S3Client, name: str, now: datetime) -> Weight:
    """Count what a bucket holds, page by page."""
    found = Weight(Stored(), Stored())
    for page in pages(s3, name):
        for version in page.get("Versions", []):
            found.add(version, now)
    return found


def parts(weight: Weight, table: Prices, ran: float, *, runs: bool) -> Iterator[Part]:
    """Yield what the bucket costs; the server has run for `ran` hours, and perhaps `runs` now."""
    for name, stored in (("artifacts", weight.artifacts), ("backups", weight.backups)):
        now = table.storage(stored.size / GIB)
        what = f"{sized(stored.size)} in {counted(stored.objects, 'object')}"
        spent = table.storage(1) * stored.gib_hours
        yield Part(name, what, now, spent, "so far, what is no longer there is not counted")
    hourly = BACKUP_HOUR + weight.recent / HOURS if runs else 0.0
    so_far = weight.objects + BACKUP_HOUR * ran
    what = f"about {hourly * HOURS:,.0f} a day"
    why = "estimated from the objects of the last day and the backup's own; reading is left out"
    yield Part("requests", what, hourly * table.put, so_far * table.put, why)
