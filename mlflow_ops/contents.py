"""What of the user's own a stack holds, and what it is to keep it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import botocore.exceptions as sdk

from mlflow_ops import prices
from mlflow_ops.backup import layout, leaving
from mlflow_ops.errors import HostFailed, NotReady
from mlflow_ops.reach import reaching
from mlflow_ops.records import Bucket, Instance
from mlflow_ops.refusals import words
from mlflow_ops.s3 import buckets

if TYPE_CHECKING:
    from mlflow_ops.backup.manifest import Manifest
    from mlflow_ops.stack import Stack

CENT = 0.01


@dataclass(frozen=True)
class Contents:
    """The user's data in a stack; None where the server could not be asked.

    `size` are the artifacts' bytes, and `backups` those of the backups. Where the server does not
    answer, `newest` is the newest backup, and the runs and models are those of its moment.
    `unseen` says why the bucket did not show what it holds.
    """

    runs: int | None
    models: int | None
    objects: int | None
    size: int = 0
    backups: int = 0
    newest: Manifest | None = None
    unseen: str = ""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.held}{self._as_of}, and {self._artifacts}"

    @property
    def held(self) -> str:
        """Say what the server holds."""
        if self.runs is None:
            return "all runs and models, which the server does not answer for"
        return f"{counted(self.runs, 'run')}, {counted(self.models or 0, 'registered model')}"

    @property
    def _as_of(self) -> str:
        return f" (as of {self.newest.taken:%Y-%m-%d %H:%M} UTC)" if self.newest else ""

    @property
    def _artifacts(self) -> str:
        if self.objects is None:
            return f"artifacts that could not be counted: {self.unseen}".rstrip(": .")
        backups = f", with {sized(self.backups)} of backups" if self.backups else ""
        return f"{counted(self.objects, 'object')} ({sized(self.size)}) in the bucket{backups}"


def of(stack: Stack) -> Contents:
    """Count what the user would lose, asking the server, or else the newest backup, and S3."""
    runs, models = _counted(stack)
    newest = None
    if stack.get(Bucket) is None:
        return Contents(runs, models, 0)
    try:
        if runs is None and (newest := leaving.newest(stack)):
            runs, models = newest.counts.runs, newest.counts.models
        return Contents(runs, models, *_weight(stack), newest)
    except sdk.ClientError as error:
        return Contents(runs, models, None, newest=newest, unseen=words(error))


def served(stack: Stack) -> str:
    """Say what the server holds, as far as it answers."""
    return Contents(*_counted(stack), None).held


def _counted(stack: Stack) -> tuple[int | None, int | None]:
    """Return how many runs and registered models the server has, None when it does not answer."""
    instance = stack.get(Instance)
    if instance and instance.address:
        with contextlib.suppress(NotReady, HostFailed), reaching.tracking(stack) as server:
            return server.count()
    return None, None


def _weight(stack: Stack) -> tuple[int, int, int]:
    """Return how many artifacts the bucket holds, their bytes, and those of the backups."""
    s3, name = stack.aws.s3, stack.names.bucket
    objects, size = buckets.size(s3, name)
    backups, of_those = buckets.size(s3, name, f"{layout.BACKUPS}/")
    return objects - backups, size - of_those, of_those


def counted(number: int, noun: str) -> str:
    """Say how many there are of something, `1 run` or `2 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def sized(number: float) -> str:
    """Say how much a number of bytes is."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if number < 1000:  # noqa: PLR2004 - what the prefixes mean
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def keeping(size: int) -> str:
    """Say what it costs to keep so many bytes."""
    month = size / prices.GIB * prices.S3_GIB_MONTH
    amount = f"{month:.2f} USD" if month >= CENT else "less than 0.01 USD"
    return f"{amount} a month ({prices.AS_OF})"
