"""All backups that a bucket holds, as its own listing tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import groupby
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.at_once import at_once
from mlflow_ops.aws import code
from mlflow_ops.backup import layout
from mlflow_ops.backup.manifest import Manifest
from mlflow_ops.errors import MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.stack import Stack

LIMIT = 64 << 10
SECOND = timedelta(seconds=1)  # as fine as S3 tells the time; it leaves the fraction out
# As Litestream names what it has of a database: the first and the last transaction, hexadecimal.
LTX = re.compile(r"(?:ltx/)?[0-9a-f]{1,4}/(?P<first>[0-9a-f]{16})-(?P<last>[0-9a-f]{16})\.ltx")


@dataclass(frozen=True)
class Stream:
    """A continuous backup: every moment from `begin` to `end`, UTC, can be had back.

    `stamp` is its name, and `bytes` what it takes in the bucket. `end` is its newest change.
    """

    stamp: str
    begin: datetime
    end: datetime
    bytes: int = 0


@dataclass(frozen=True)
class Backups:
    """All that the bucket has: named backups and streams, newest first, and what is unreadable."""

    named: tuple[Manifest, ...] = ()
    streams: tuple[Stream, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        """How much all of it takes in the bucket."""
        return sum(m.bytes for m in self.named) + sum(s.bytes for s in self.streams)


def every(stack: Stack) -> Backups:
    """Return all backups in the stack's bucket; none where there is no bucket."""
    try:
        found, flowing = list(_manifests(stack)), streams(stack)
    except sdk.ClientError as error:
        if code(error) != "NoSuchBucket":
            raise
        return Backups()
    good = sorted((m for _, m in found if m), key=lambda m: (m.taken, m.name), reverse=True)
    broken = sorted(name for name, manifest in found if not manifest)
    return Backups(tuple(good), tuple(flowing), tuple(broken))


def named(stack: Stack) -> list[Manifest]:
    """Return the named backups that can be read, newest first."""
    return list(every(stack).named)


def streams(stack: Stack) -> list[Stream]:
    """Return the continuous backups that hold something, newest first."""
    folders = groupby(_listed(stack, layout.STREAM), key=lambda each: _folder(each, layout.STREAM))
    found = (_stream(stamp, list(objects)) for stamp, objects in folders)
    return sorted((each for each in found if each), key=lambda s: s.begin, reverse=True)


def _manifests(stack: Stack) -> Iterator[tuple[str, Manifest | None]]:
    """Yield each whole backup's name with its manifest, or nothing for one that is unreadable."""
    whole = f"/{layout.MANIFEST}"
    keys = (each["Key"] for each in _listed(stack, layout.NAMED) if each["Key"].endswith(whole))
    yield from filter(None, at_once(lambda key: _manifest(stack, key), keys))


def _manifest(stack: Stack, key: str) -> tuple[str, Manifest | None] | None:
    name = key[len(layout.NAMED) + 1 :].removesuffix(f"/{layout.MANIFEST}")
    try:
        text = stack.aws.s3.get_object(Bucket=stack.names.bucket, Key=key)["Body"].read(LIMIT)
        return name, Manifest.of(text, name)
    except sdk.ClientError as error:
        if code(error) != "NoSuchKey":  # which has been removed since it was listed
            raise
        return None
    except MlflowOpsError:
        return name, None


def _listed(stack: Stack, prefix: str) -> Iterator[Any]:
    paginator = stack.aws.s3.get_paginator("list_objects_v2")
    for page in paginator.paginate(Bucket=stack.names.bucket, Prefix=f"{prefix}/"):
        yield from page.get("Contents", ())


def _folder(listed: Any, prefix: str) -> str:  # noqa: ANN401 - AWS's own description
    return str(listed["Key"])[len(prefix) + 1 :].partition("/")[0]


def _when(listed: Any) -> datetime:  # noqa: ANN401 - AWS's own description
    """Return when an object was written, in UTC, and not in this machine's own zone."""
    written: datetime = listed["LastModified"]
    return written.astimezone(timezone.utc)


def _stream(stamp: str, objects: list[Any]) -> Stream | None:
    """Return the stream that these objects are, if there is anything of it."""
    own = f"{layout.STREAM}/{stamp}/{layout.MLFLOW_DB}/"
    found = [
        (each, ltx) for each in objects if (ltx := LTX.fullmatch(each["Key"].removeprefix(own)))
    ]
    # Whole databases; what came after them is only good together with one.
    whole = [_when(each) for each, ltx in found if int(ltx["first"], 16) == 1]
    if not whole:
        return None
    begin = min(whole) + SECOND
    newest = max(ltx["last"] for _, ltx in found)
    # The same change comes again in larger files, which are written later.
    end = min(_when(each) for each, ltx in found if ltx["last"] == newest)
    return Stream(stamp, begin, max(begin, end), sum(each["Size"] for each in objects))
