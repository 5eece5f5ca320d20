"""What there is to restore from, by the bucket alone: the host may be gone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from mlflow_ops.backup.listing import SECOND, Backups, Stream, every, named, streams
from mlflow_ops.errors import BadOption
from mlflow_ops.iam.scopes import BACKUPS, BUCKET

if TYPE_CHECKING:
    from mlflow_ops.backup.manifest import Manifest
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

__all__ = ["Backups", "Source", "Stream", "chosen", "every", "latest", "named", "streams"]
ALLOWS: Allows = {
    "find": (*BUCKET.allow("s3", "ListBucket"), *BACKUPS.allow("s3", "GetObject")),
}
LATEST = "latest"
ZONED = "%Y-%m-%d %H:%M:%S UTC"


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
        """Return what it is, for a person."""
        if self.manifest:
            return f"the backup {self.name}: {self.manifest}"
        return f"the continuous backup as of {self.moment.strftime(ZONED)}"


def latest(stack: Stack) -> Source | None:
    """Return the newest of all good backups; where a named one is as new, that."""
    return _latest(every(stack))


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
        raise BadOption(f"There is no backup for {which!r}. {_there_is(found)}")
    if source.manifest and source.manifest.damaged:
        raise BadOption(f"The backup {which} holds a damaged database. {_there_is(found)}")
    return source


def _of(manifest: Manifest) -> Source:
    return Source("named", manifest.name, manifest.taken, manifest)


def _latest(found: Backups) -> Source | None:
    good = [_of(manifest) for manifest in found.named if not manifest.damaged][:1]
    newest = [Source("stream", s.stamp, s.end, entire=True) for s in found.streams[:1]]
    # Of two in one second the stream: it may hold what came after the other was taken.
    return max([*newest, *good], key=lambda source: source.moment, default=None)


def _at(found: Backups, moment: datetime, now: datetime) -> Source | None:
    """Return the stream as it was at a moment; after its end it has stayed as it was then."""
    if moment > now:
        raise BadOption(f"{moment.strftime(ZONED)} is still to come. {_there_is(found)}")
    stream = next((each for each in found.streams if each.begin <= moment), None)
    if stream is None:
        return None
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
            f"{_there_is(found)}"
        ) from error


def _there_is(found: Backups) -> str:
    words = [f"every moment since {each.begin.strftime(ZONED)}" for each in found.streams[-1:]]
    words += [manifest.name for manifest in found.named[:3] if not manifest.damaged]
    if not words:
        return "The bucket holds no backup that can be read."
    return f"There is {', '.join(words)}: `mlflow-ops backups` lists all."
