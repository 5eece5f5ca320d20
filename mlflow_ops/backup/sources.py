"""What there is to restore from, by the bucket alone: the host may be gone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from mlflow_ops.backup.listing import Backups, every, named, streams
from mlflow_ops.backup.ltx import SECOND, Stream
from mlflow_ops.backup.offered import ZONED, there_is
from mlflow_ops.errors import BadOption
from mlflow_ops.iam.scopes import BACKUPS, BUCKET

if TYPE_CHECKING:
    from mlflow_ops.backup.manifest import Manifest
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

__all__ = ["ZONED", "Backups", "Source", "Stream", "chosen", "every", "latest", "named", "streams"]
ALLOWS: Allows = {
    "find": (*BUCKET.allow("s3", "ListBucket"), *BACKUPS.allow("s3", "GetObject")),
}
LATEST = "latest"
# What is taken on the way to something else, or holds another server's data.
ASIDE = re.compile("before-.*|import|export")


@dataclass(frozen=True)
class Source:
    """What to restore from: a backup of its own, or a stream as of a moment, UTC.

    `kind` is "named" or "stream", and `name` the backup's name or the stream's stamp. An `entire`
    stream is taken to its very end: S3's clock, which tells `moment`, is not the host's.
    """

    kind: str
    name: str
    moment: datetime
    manifest: Manifest | None = None
    entire: bool = False

    @property
    def settings(self) -> dict[str, str]:
        """What the keeper's `stage` is told."""
        if self.kind == "named":
            return {"named": self.name}
        at = {} if self.entire else {"at": self.moment.isoformat().replace("+00:00", "Z")}
        return {"stream": self.name, **at}

    def __str__(self) -> str:
        """Return what it is, for a person, with what it holds where that is known."""
        return f"{self.title}: {self.manifest}" if self.manifest else self.title

    @property
    def title(self) -> str:
        """Which one it is, for a person."""
        if self.manifest:
            return f"the backup {self.name}"
        return f"the continuous backup as of {self.moment.strftime(ZONED)}"


def latest(stack: Stack) -> Source | None:
    """Return the newest of all good backups; where a named one is as new, that."""
    return _latest(every(stack))


def newest_named(stack: Stack) -> Source:
    """Return the newest good backup that was taken for its own sake.

    Raises BadOption when there is none: the present, in the continuous one, is not what is meant.
    """
    found = every(stack)
    for manifest in found.named:
        if not (manifest.damaged or ASIDE.fullmatch(manifest.kind)):
            return _of(manifest)
    raise BadOption(
        "There is no backup of its own to go back to: name one, or a time. " + there_is(found)
    )


def chosen(stack: Stack, which: str) -> Source:
    """Return what `which` means: a backup's name, `latest`, or a time, UTC if it says no zone.

    Raises BadOption, with what there is, for a name that is not there and a time out of range.
    """
    found = every(stack)
    if which == LATEST:
        source = _latest(found)
    elif manifest := next((m for m in found.named if m.name == which), None):
        source = _of(manifest)
    else:
        source = _at(found, _time(which, found), stack.aws.now())
    if source is None:
        raise BadOption(f"There is no backup for {which!r}. {there_is(found)}")
    if source.manifest and source.manifest.damaged:
        raise BadOption(f"The backup {which} holds a damaged database. {there_is(found)}")
    return source


def _of(manifest: Manifest) -> Source:
    return Source("named", manifest.name, manifest.taken, manifest)


def _latest(found: Backups) -> Source | None:
    good = [_of(manifest) for manifest in found.good[:1]]
    newest = [Source("stream", s.stamp, s.end, entire=True) for s in found.streams[:1]]
    # Of two in one second the stream: it may hold what came after the other was taken.
    return max([*newest, *good], key=lambda source: source.moment, default=None)


def _at(found: Backups, moment: datetime, now: datetime) -> Source:
    """Return the stream that was written at a moment; after its end it has stayed as it was then.

    What an older one has is no answer where that one's beginning is gone from the bucket.
    """
    if moment > now:
        raise BadOption(f"{moment.strftime(ZONED)} is still to come. {there_is(found)}")
    begun = [each for each in found.streams if each.born <= moment]
    stream = max(begun, key=lambda each: each.born, default=None)
    if stream is None or moment < stream.begin:
        raise BadOption(
            f"There is no backup for {moment.strftime(ZONED)}. {there_is(found, moment)}"
        )
    entire = stream.end <= moment < stream.end + SECOND
    return Source("stream", stream.stamp, moment, entire=entire)


def _time(which: str, found: Backups) -> datetime:
    # Python 3.10 knows no Z.
    try:
        moment = datetime.fromisoformat(re.sub("[zZ]$", "+00:00", which))
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return zoned.astimezone(timezone.utc)
    except (ValueError, OverflowError) as error:
        raise BadOption(
            f"There is no backup {which!r}, and it is no time like 2026-11-23T21:42. "
            f"{there_is(found)}"
        ) from error
