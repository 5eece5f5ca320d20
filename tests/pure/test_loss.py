"""What is said of the time that was lost with an instance."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from mlflow_ops import moments
from mlflow_ops.backup import loss
from mlflow_ops.backup.manifest import Counts, Manifest
from mlflow_ops.backup.sources import Source

NOON = datetime(2026, 11, 23, 12, 3, 22, tzinfo=timezone.utc)
STREAM = Source("stream", "20261123T090000Z", NOON)
MANIFEST = Manifest("kept", "manual", NOON, "3.17.2", "0000", Counts(), 0, {})
NAMED = Source("named", "kept", NOON, MANIFEST)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (3, "12:03:22 UTC, 3 s before the instance ended: what was logged in this time"),
        (119, ", 119 s before"),
        (185, ", 3 min before"),
        (11_000, ", 3 h 3 min before"),
        (-2, "when the instance was ending already: no time is lost"),
    ],
)
def test_the_time_between_the_last_change_and_the_end_is_said(seconds: int, words: str) -> None:
    assert words in loss.said(STREAM, NOON + timedelta(seconds=seconds))


def test_what_is_not_known_is_not_said() -> None:
    told = loss.said(STREAM, None)
    assert "what was logged after it, if anything was, is lost" in told
    assert "before the instance ended" not in told


def test_only_a_backup_that_nothing_can_follow_has_lost_nothing() -> None:
    assert "what was logged after it is not in it" in loss.said(NAMED, NOON)
    for kind in ("kept", "stop"):
        source = replace(NAMED, manifest=replace(MANIFEST, kind=kind))
        assert loss.said(source, NOON).startswith("Nothing is lost")
        assert "is not in it" in loss.said(source, NOON, newest=False)


@pytest.mark.parametrize("zone", ["GMT", "UTC"])
def test_an_end_is_read_in_the_words_of_aws(zone: str) -> None:
    assert moments.ended(f"User initiated (2026-11-23 12:03:22 {zone})") == NOON


@pytest.mark.parametrize(
    "reason", ["", "Server.SpotInstanceTermination", "User initiated (2026-13-45 12:03:22 GMT)"]
)
def test_an_end_without_a_time_is_none(reason: str) -> None:
    assert moments.ended(reason) is None
