"""The lock among the commands of one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_ops.errors import Locked
from mlflow_ops.lease import local
from mlflow_ops.lease.local import Note

if TYPE_CHECKING:
    from pathlib import Path

ANA = Note("ana@laptop (up)", "2026-11-23T15:00:00", ("t-1",))
BEN = Note("ben@laptop (down)", "2026-11-23T15:01:00", ("t-2",))


def test_a_held_file_names_its_holder_to_whoever_wants_it_too(tmp_path: Path) -> None:
    refused = pytest.raises(Locked, match=r"ana@laptop \(up\), since 2026-11-23T15:00:00")
    path = tmp_path / "stack" / "lock"
    with local.held(path, ANA, tmp_path), refused, local.held(path, BEN, tmp_path):
        pytest.fail("two at once")


def test_the_tokens_of_dead_holders_are_handed_on_until_they_are_cleared(tmp_path: Path) -> None:
    path = tmp_path / "stack" / "lock"
    with local.held(path, ANA, tmp_path):
        pass
    with local.held(path, BEN, tmp_path) as held:
        assert held.tokens == ("t-1", "t-2")
        held.clear()
    with local.held(path, BEN, tmp_path) as held:
        assert held.tokens == ("t-2",)


def test_a_cleared_lock_leaves_no_file_and_no_folder(tmp_path: Path) -> None:
    path = tmp_path / "ops" / "stack" / "lock"
    with local.held(path, ANA, tmp_path / "ops") as held:
        held.clear()
    assert not (tmp_path / "ops").exists()


def test_the_lock_of_who_came_after_a_removed_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with local.held(path, ANA, tmp_path / "none") as first:
        path.unlink()
        with local.held(path, BEN, tmp_path / "none"):
            first.clear()
            assert path.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\x00", b"[]", b'{"who": 1}', b"null"])
def test_a_damaged_file_is_no_obstacle(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "lock"
    path.write_bytes(content)
    with local.held(path, ANA, tmp_path) as held:
        assert held.tokens == ("t-1",)
