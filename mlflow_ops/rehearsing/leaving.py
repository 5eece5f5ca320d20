"""What `down` would ask of AWS and of the host, told by the very code that does it."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_ops.backup import leaving
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.refusals import FAILURES
from mlflow_ops.rehearsing.answers import Answers
from mlflow_ops.rehearsing.host import Rehearsal
from mlflow_ops.rehearsing.reading import ReadingAws
from mlflow_ops.rehearsing.stage import harmless
from mlflow_ops.stack import Stack
from mlflow_ops.steps import STEPS, bucket

if TYPE_CHECKING:
    from mlflow_ops.host import Host
    from mlflow_ops.rehearsing.told import Told
    from mlflow_ops.walk import Found

# A bucket is not emptied in a rehearsal, which would list all of it, over and over.
EMPTYING = ("s3:DeleteObjects", "s3:AbortMultipartUpload", "s3:DeleteBucket")


def calls(stack: Stack, found: Found) -> dict[str, tuple[str, ...]]:
    """Return the calls that change something, by step, in the order of `down`; sends none."""
    with tempfile.TemporaryDirectory(prefix="mlflow-ops-") as folder:
        aws = ReadingAws.of(stack.aws)
        staged = harmless(stack, aws, Path(folder))
        told: dict[str, tuple[str, ...]] = {}
        for name in reversed(found):
            before = len(aws.unsent)
            # It waits for what is never gone, as nothing was asked to go.
            with suppress(MlflowOpsError, *FAILURES):
                if STEPS[name].PLACE == "aws" and name != "bucket":
                    STEPS[name].destroy(staged, found[name])
            told[name] = tuple(dict.fromkeys(aws.unsent[before:]))
        return told | ({"bucket": EMPTYING} if "bucket" in found else {})


@dataclass(frozen=True)
class LastBackup:
    """What `down` would tell the host for a last backup, and in words what would come of it.

    `refused` says that `down` would stop there, with nothing removed.
    """

    told: tuple[Told, ...]
    outcome: str
    refused: bool = False


@dataclass(frozen=True)
class Asking(Stack):
    """A stack whose host answers questions, and only remembers what it is told to change."""

    rehearsed: list[Rehearsal] = field(default_factory=list)

    def host(self) -> Host:
        """Return the rehearsal on the host; raises as the connection to it does."""
        if not self.rehearsed:
            self.rehearsed.append(Rehearsal(Answers({}), super().host()))
            self.rehearsed[0].step = "backup"
        return self.rehearsed[0]


def last_backup(stack: Stack) -> LastBackup:
    """Return how the last backup would go, with all the questions that it begins with."""
    asking = Asking(**vars(stack))
    try:
        taken = leaving.last_backup(asking)
    except MlflowOpsError as error:
        return LastBackup((), str(error), refused=True)
    if told := tuple(each for host in asking.rehearsed for each in host.all_told({})):
        return LastBackup(told, "the server is stopped, and a last backup is taken and read back")
    return LastBackup((), f"{taken.name} has it all" if taken else "there is no database yet")


def keeping(stack: Stack) -> tuple[str, ...]:
    """Return the calls that mark a bucket as kept."""
    with tempfile.TemporaryDirectory(prefix="mlflow-ops-") as folder:
        aws = ReadingAws.of(stack.aws)
        with suppress(MlflowOpsError, *FAILURES):
            bucket.keep(harmless(stack, aws, Path(folder)))
        return tuple(aws.unsent)
