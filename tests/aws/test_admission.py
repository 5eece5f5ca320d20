"""A host that was launched with another key than the one on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.stub import Stubber

from mlflow_ops.errors import KeyRefused, PrivateKeyLost
from mlflow_ops.ssh import admission, ssh_key

if TYPE_CHECKING:
    from mlflow_ops.host import Host
    from mlflow_ops.stack import Stack

INSTANCE = "i-0123456789abcdef0"


def made(stack: Stack, *steps: tuple[str, str]) -> None:
    """Write into the journal that these things were made, in this order."""
    for step, identifier in steps:
        with stack.journal.asking(step) as note:
            note(identifier)


def test_a_host_that_this_machine_launched_with_its_key_is_only_waited_for(stack: Stack) -> None:
    made(stack, ("key_pair", "key-1"), ("instance", INSTANCE))
    assert not admission.is_due(stack, INSTANCE)


def test_a_host_that_is_older_than_the_key_or_not_ours_has_to_be_given_it(stack: Stack) -> None:
    assert admission.is_due(stack, INSTANCE)
    made(stack, ("key_pair", "key-1"), ("instance", INSTANCE), ("key_pair", "key-2"))
    assert admission.is_due(stack, INSTANCE)
    assert admission.is_due(stack, "i-2")


def test_a_command_that_makes_nothing_gives_no_host_a_key(stack: Stack) -> None:
    assert not admission.is_due(replace(stack, wanted=None), INSTANCE)


def test_where_instance_connect_is_denied_the_user_is_told_what_to_do(stack: Stack) -> None:
    ssh_key.generate(stack.folder.private_key)
    with Stubber(stack.aws.instance_connect) as stub:
        stub.add_client_error("send_ssh_public_key", "AccessDeniedException")
        with pytest.raises(PrivateKeyLost, match=r"where that key is, or `mlflow-ops down`"):
            admission.let_in(stack, INSTANCE, never)


def test_a_host_without_instance_connect_is_not_waited_for(stack: Stack) -> None:
    def refuse() -> Host:
        raise KeyRefused("not let in")

    ssh_key.generate(stack.folder.private_key)
    with Stubber(stack.aws.instance_connect) as stub:
        stub.add_response("send_ssh_public_key", {"RequestId": "r", "Success": True})
        with pytest.raises(PrivateKeyLost, match="not let in"):
            admission.let_in(stack, INSTANCE, refuse)


def never() -> Host:
    """Stand for a connection that must not be tried."""
    raise AssertionError
