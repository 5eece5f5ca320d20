"""What `down` would ask of AWS, told by the very code that does it."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.refusals import FAILURES
from mlflow_ops.rehearsing.reading import ReadingAws
from mlflow_ops.rehearsing.stage import harmless
from mlflow_ops.steps import STEPS, bucket

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack
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


def keeping(stack: Stack) -> tuple[str, ...]:
    """Return the calls that mark a bucket as kept."""
    with tempfile.TemporaryDirectory(prefix="mlflow-ops-") as folder:
        aws = ReadingAws.of(stack.aws)
        with suppress(MlflowOpsError, *FAILURES):
            bucket.keep(harmless(stack, aws, Path(folder)))
        return tuple(aws.unsent)
