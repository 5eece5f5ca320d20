"""Where this machine knows stacks of one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_ops import places
from mlflow_ops.errors import WrongPlace
from mlflow_ops.names import Names
from mlflow_ops.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

HERE = Names("mlflow", "111111111111", "us-east-1")
ABROAD = Names("mlflow", "111111111111", "eu-west-1")
THEIRS = Names("mlflow", "222222222222", "us-east-1")


def settings(home: Path, known: Names | None = None, **more: str) -> Settings:
    """Return settings of a machine that has a stack in this place."""
    found = Settings(home=home, **more)  # type: ignore[arg-type]  # regions and profiles
    if known:
        places.folder(found, known).path.mkdir(parents=True)
    return found


def test_a_name_known_nowhere_or_here_may_be_meant(tmp_path: Path) -> None:
    places.check(settings(tmp_path), HERE)
    places.check(settings(tmp_path, HERE), HERE)


def test_a_stack_of_another_region_is_not_guessed_away(tmp_path: Path) -> None:
    with pytest.raises(WrongPlace, match="say --region eu-west-1 for that one, or --region us-e"):
        places.check(settings(tmp_path, ABROAD), HERE)


def test_a_region_that_was_said_is_meant(tmp_path: Path) -> None:
    places.check(settings(tmp_path, ABROAD, region="us-east-1"), HERE)


def test_a_stack_of_another_account_wants_the_profile_said(tmp_path: Path) -> None:
    known = settings(tmp_path, THEIRS, region="us-east-1")
    with pytest.raises(WrongPlace, match="account 222222222222.*--profile"):
        places.check(known, HERE)
    places.check(settings(tmp_path, profile="work"), HERE)


def test_stacks_of_one_name_are_all_known_and_all_forgotten(tmp_path: Path) -> None:
    known = settings(tmp_path / "ops", HERE)
    for names in (ABROAD, THEIRS):
        places.folder(known, names).access_key.parent.mkdir()
        places.folder(known, names).access_key.write_text("secret")
    assert len(places.known(known)) == 3
    places.forget(known)
    assert not (tmp_path / "ops").exists()
