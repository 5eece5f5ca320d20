"""The access key step."""

from __future__ import annotations

import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlflow_ops import key_file
from mlflow_ops.stack import Voice
from mlflow_ops.steps import access_key, iam_user

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from mlflow_ops.stack import Stack


@pytest.fixture
def user(stack: Stack) -> Stack:
    iam_user.create(stack)
    return stack


def test_the_secret_stands_in_one_private_file_and_nowhere_else(user: Stack) -> None:
    record = access_key.create(user)
    held = key_file.read(user.folder.access_key)
    assert held
    key_id, secret = held
    others = [f for f in user.folder.path.rglob("*") if f.is_file() and f.name != "accessKeys.csv"]
    assert key_id == record.id
    assert stat.S_IMODE(user.folder.access_key.stat().st_mode) == 0o600
    assert stat.S_IMODE(user.folder.path.stat().st_mode) == 0o700
    assert others
    assert not [f for f in others if secret in f.read_text()]
    assert secret not in repr(record)


def test_the_file_looks_like_the_consoles_download(user: Stack) -> None:
    access_key.create(user)
    first, second = user.folder.access_key.read_text().splitlines()
    assert first == "Access key ID,Secret access key"
    assert len(second.split(",")) == 2


def test_a_key_whose_secret_is_lost_is_replaced_and_said(user: Stack, cloud: StrictCloud) -> None:
    said: list[str] = []
    lost = access_key.create(user)
    user.folder.access_key.unlink()
    found = access_key.find(user)
    assert found
    assert found.missing == ("its secret is not on this machine",)
    new = access_key.create(replace(user.knows(found), voice=Voice(say=said.append)))
    assert cloud.holdings()["access_keys"] == [new.id] != [lost.id]
    assert any(lost.id in line for line in said)


def test_a_key_whose_secret_is_here_is_kept(user: Stack) -> None:
    made = access_key.create(user)
    assert access_key.find(user) == made


def test_destroying_twice_leaves_no_key_and_no_file(user: Stack, cloud: StrictCloud) -> None:
    record = access_key.create(user)
    access_key.destroy(user, record)
    access_key.destroy(user, record)
    assert cloud.holdings()["access_keys"] == []
    assert not user.folder.access_key.exists()


def test_without_a_user_there_is_no_key(stack: Stack) -> None:
    assert access_key.find(stack) is None
