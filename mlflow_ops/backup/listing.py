"""All backups that a bucket holds, as its own listing tells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.at_once import at_once
from mlflow_ops.aws import code
from mlflow_ops.backup import layout
from mlflow_ops.backup.ltx import Stream, when
from mlflow_ops.backup.manifest import Manifest
from mlflow_ops.errors import MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.stack import Stack

LIMIT = 64 << 10
# On their way in or out: an import may have failed, and what an upgrade that failed has left is
# not what was served. Whoever wants one names it.
PASSING = ("import", "export")
LEFT = "left-"


@dataclass(frozen=True)
class Backups:
    """All that the bucket has: named backups and streams, newest first, and what is unreadable."""

    named: tuple[Manifest, ...] = ()
    streams: tuple[Stream, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def good(self) -> tuple[Manifest, ...]:
        """The named backups that hold what the server held, newest first."""
        return tuple(m for m in self.named if not m.damaged and not _is_passing(m))

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
    found = (Stream.of(stamp, list(objects)) for stamp, objects in folders)
    return sorted((each for each in found if each), key=lambda s: s.begin, reverse=True)


def _manifests(stack: Stack) -> Iterator[tuple[str, Manifest | None]]:
    """Yield each whole backup's name with its manifest, or nothing for one that is unreadable."""
    whole = f"/{layout.MANIFEST}"
    ends = (each for each in _listed(stack, layout.NAMED) if each["Key"].endswith(whole))
    yield from filter(None, at_once(lambda each: _manifest(stack, each), ends))


def _manifest(stack: Stack, listed: Any) -> tuple[str, Manifest | None] | None:  # noqa: ANN401 - AWS's own description
    key = listed["Key"]
    name = key[len(layout.NAMED) + 1 :].removesuffix(f"/{layout.MANIFEST}")
    try:
        text = stack.aws.s3.get_object(Bucket=stack.names.bucket, Key=key)["Body"].read(LIMIT)
        found = Manifest.of(text, name)
        # By the host's clock, which may be fast; streams are told by S3's.
        return name, replace(found, taken=min(found.taken, when(listed)))
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


def _is_passing(manifest: Manifest) -> bool:
    left = manifest.kind != "manual" and manifest.name.startswith(LEFT)
    return manifest.kind in PASSING or left
