"""The key pair step."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from mlflow_ops.errors import NotOurs
from mlflow_ops.steps import key_pair

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from mlflow_ops.stack import Stack


def test_the_private_half_is_born_private_and_belongs_to_the_public_one(stack: Stack) -> None:
    made = key_pair.create(stack)
    text = stack.folder.private_key.read_text()
    assert text.startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    assert stat.S_IMODE(stack.folder.private_key.stat().st_mode) == 0o600
    assert key_pair.find(stack) == made


def test_aws_is_given_an_ed25519_key_with_our_tags(stack: Stack, cloud: StrictCloud) -> None:
    key_pair.create(stack)
    answer = cloud.client("ec2").describe_key_pairs(IncludePublicKey=True)
    [found] = answer["KeyPairs"]
    assert found["PublicKey"].startswith("ssh-ed25519 ")
    assert stack.names.own(found["Tags"])


def test_a_pair_whose_private_half_is_lost_is_replaced(stack: Stack) -> None:
    old = key_pair.create(stack)
    stack.folder.private_key.unlink()
    found = key_pair.find(stack)
    assert found
    assert found.missing == ("its private key",)
    new = key_pair.create(stack.knows(found))
    assert new.id != old.id
    assert key_pair.find(stack) == new


def test_a_pair_of_our_name_without_our_tag_is_not_touched(
    stack: Stack, cloud: StrictCloud
) -> None:
    cloud.client("ec2").create_key_pair(KeyName=stack.names.base)
    with pytest.raises(NotOurs, match=stack.names.base):
        key_pair.find(stack)
    with pytest.raises(NotOurs, match=stack.names.base):
        key_pair.create(stack)
    assert len(cloud.holdings()["key_pairs"]) == 1


def test_destroying_twice_removes_both_halves(stack: Stack, cloud: StrictCloud) -> None:
    made = key_pair.create(stack)
    key_pair.destroy(stack, made)
    key_pair.destroy(stack, made)
    assert cloud.holdings()["key_pairs"] == []
    assert not stack.folder.private_key.exists()


def test_a_pair_deleted_in_the_console_is_given_back_the_key_that_hosts_let_in(
    stack: Stack,
) -> None:
    key_pair.create(stack)
    before = stack.folder.private_key.read_text()
    stack.aws.ec2.delete_key_pair(KeyName=stack.names.base)
    key_pair.create(stack)
    assert stack.folder.private_key.read_text() == before
    found = key_pair.find(stack)
    assert found
    assert found.missing == ()
