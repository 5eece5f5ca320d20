"""Manifests: what anybody may have written into the bucket."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_ops.backup.manifest import Counts, Manifest
from mlflow_ops.errors import MlflowOpsError

GOOD: dict[str, Any] = {
    "format": 1,
    "name": "manual-1",
    "kind": "manual",
    "taken": "2026-11-23T21:42:53Z",
    "mlflow": "3.17.2",
    "revision": "dc11669786a5",
    "counts": {"experiments": 1, "runs": 1200, "models": 1, "users": 2},
    "bytes": 20_854,
    "files": {"mlflow.db": {"sha256": "a" * 64, "size": 966_656}},
    "damaged": False,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def test_a_manifest_says_in_one_line_what_it_holds() -> None:
    made = Manifest.of(json.dumps(GOOD))
    assert str(made) == "1,200 runs, 1 registered model, 2 users, taken 2026-11-23 21:42 UTC"
    assert made.taken == datetime(2026, 11, 23, 21, 42, 53, tzinfo=timezone.utc)
    assert made.files["mlflow.db"].size == 966_656
    assert Manifest.of(made.document) == made
    assert json.loads(json.dumps(made.document)) == GOOD


def test_a_database_without_users_and_a_damaged_one_say_so() -> None:
    assert str(Counts(runs=1)) == "1 run, 0 registered models"
    damaged = Manifest.of(GOOD | {"damaged": True, "counts": {}})
    assert str(damaged).startswith("a damaged database, taken")


def test_a_moment_in_another_zone_is_told_in_utc() -> None:
    made = Manifest.of(GOOD | {"taken": "2026-11-23T22:42:53+01:00"})
    assert made.taken.isoformat() == "2026-11-23T21:42:53+00:00"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../escape"},
        {"name": "Manual"},
        {"name": ""},
        {"kind": "\x1b[31m"},
        {"taken": "2026-11-23T21:42:53"},
        {"taken": "yesterday"},
        {"taken": 5},
        {"mlflow": "3.17.2\n"},
        {"revision": "a b"},
        {"counts": {"runs": -1}},
        {"counts": {"runs": True}},
        {"counts": {"runs": 10**400}},
        {"counts": {"runs": 1.5}},
        {"bytes": "20"},
        {"files": {}},
        {"files": {"../mlflow.db": GOOD["files"]["mlflow.db"]}},
        {"files": {"mlflow.db": {"sha256": "A" * 64, "size": 1}}},
        {"files": {"mlflow.db": {"sha256": "a" * 64, "size": -1}}},
        {"files": {f"{'x' * n}.db": GOOD["files"]["mlflow.db"] for n in range(1, 20)}},
        {"files": []},
        {"damaged": "no"},
    ],
)
def test_a_manifest_that_cannot_be_right_is_refused_in_a_sentence(wrong: dict[str, Any]) -> None:
    with pytest.raises(
        MlflowOpsError, match=r"The manifest of the backup 'manual-1' cannot be read"
    ):
        Manifest.of(json.dumps(GOOD | wrong), "manual-1")


def test_a_manifest_in_another_ones_folder_is_refused() -> None:
    with pytest.raises(MlflowOpsError, match="The manifest of the backup 'manual-2'"):
        Manifest.of(json.dumps(GOOD), "manual-2")


@pytest.mark.parametrize("lacking", sorted(GOOD.keys() - {"format"}))
def test_a_manifest_that_lacks_something_is_refused(lacking: str) -> None:
    rest = {key: value for key, value in GOOD.items() if key != lacking}
    with pytest.raises(MlflowOpsError, match="cannot be read"):
        Manifest.of(json.dumps(rest))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 60_000, b"\xff", '{"files": 1}'])
def test_what_is_no_manifest_is_refused(text: str | bytes) -> None:
    with pytest.raises(MlflowOpsError, match="cannot be read"):
        Manifest.of(text)


@given(key=st.sampled_from(sorted(GOOD)), value=JSON)
def test_whatever_it_says_it_is_understood_or_refused(key: str, value: object) -> None:
    try:
        made = Manifest.of(GOOD | {key: value})
    except MlflowOpsError:
        return
    assert str(made).isprintable()
