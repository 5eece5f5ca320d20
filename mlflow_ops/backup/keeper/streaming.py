"""The continuous backup: what it has, of now or of an earlier moment."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import datetime
from typing import TYPE_CHECKING

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import places
from mlflow_ops.backup.keeper.places import Failed

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_ops.backup.keeper.bucket import Bucket

FETCH_DEADLINE = 1800.0
# Two pieces at once: the host has 1 GiB for everything.
CHECKED = ("-integrity-check", "full", "-parallelism", "2")
NOTHING_THERE = ("no matching backup", "timestamp does not exist")
STAMP = re.compile(r"\d{8}T\d{6}Z")
REMARK = re.compile(r"^# stream (\d{8}T\d{6}Z)$", re.MULTILINE)


def present() -> str:
    """Return the stamp of the stream that is being written, empty when there is none."""
    try:
        text = (places.home() / "litestream.yml").read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    found = REMARK.search(text)
    return found[1] if found else ""


def fetch(bucket: Bucket, stamp: str, at: str | None, folder: Path) -> None:
    """Put a stream's databases, as they were at a moment, into a folder; the newest for none.

    Raises Failed when there is nothing of that moment, or it cannot be read.
    """
    if not STAMP.fullmatch(stamp):
        raise Failed(f"There is no continuous backup {stamp!r}.")
    for name in layout.DATABASES:
        key = f"{layout.STREAM}/{stamp}/{name}"
        said = _restore(bucket, key, at, folder / name)
        # It knows no moment after the newest change, whole seconds of S3's clock counted.
        if said and at and _is_past(bucket, key, at):
            said = _restore(bucket, key, None, folder / name)
        if said and (name == layout.MLFLOW_DB or not any(sign in said for sign in NOTHING_THERE)):
            raise Failed(f"The continuous backup of {name} cannot be had back: {said}.")


def _restore(bucket: Bucket, key: str, at: str | None, path: Path) -> str:
    """Put one database to a path; return in words why that is not possible."""
    moment = ["-timestamp", at] if at else []
    wish = ["restore", *CHECKED, *moment, "-o", str(path), _url(bucket, key)]
    ended = _litestream(wish, FETCH_DEADLINE, AWS_REGION=bucket.region)
    return "" if ended.returncode == 0 else _last(ended) or "it failed without a word"


def _is_past(bucket: Bucket, key: str, at: str) -> bool:
    """Whether a moment is not before the newest that the bucket has of a database."""
    then = datetime.fromisoformat(at.replace("Z", "+00:00"))
    newest = max((each["LastModified"] for each in bucket.listed(f"{key}/")), default=None)
    return newest is not None and bool(then >= newest)


def _url(bucket: Bucket, key: str) -> str:
    endpoint = f"?endpoint={bucket.endpoint}&force-path-style=true" if bucket.endpoint else ""
    return f"s3://{bucket.name}/{key}{endpoint}"


def _litestream(
    arguments: list[str], timeout: float, **variables: str
) -> subprocess.CompletedProcess[str]:
    program = str(places.home() / "tools" / "bin" / "litestream")
    # It does not start where this one is set.
    environment = {key: value for key, value in os.environ.items() if key != "AWS_CA_BUNDLE"}
    return subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment | variables,
        cwd=places.home(),
        check=False,
    )


def _last(ended: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in (ended.stdout + ended.stderr).splitlines() if line.strip()]
    return lines[-1].strip().removeprefix("Error: ").rstrip(".") if lines else ""
