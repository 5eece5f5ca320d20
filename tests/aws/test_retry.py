"""Asking again while AWS does not know yet."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from mlflow_ops.errors import TimedOut
from mlflow_ops.retry import while_unknown
from mlflow_ops.steps import iam_user
from mlflow_ops.wait import Clock

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack


@dataclass
class Aws:
    """Answers with these error codes first."""

    codes: list[str]
    now: float = 0.0
    asked: int = field(default=0)

    def ask(self) -> str:
        self.asked += 1
        if self.codes:
            raise ClientError({"Error": {"Code": self.codes.pop(0)}}, "Anything")
        return "there"

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)


def test_a_named_error_is_waited_out_and_any_other_is_not() -> None:
    slow = Aws(["NoSuchEntity", "NoSuchEntity"])
    assert while_unknown(slow.ask, "NoSuchEntity", clock=slow.clock()) == "there"
    denied = Aws(["NoSuchEntity", "AccessDenied"])
    with pytest.raises(ClientError, match="AccessDenied"):
        while_unknown(denied.ask, "NoSuchEntity", clock=denied.clock())
    assert denied.asked == 2


def test_an_error_that_stays_for_two_minutes_is_given_up() -> None:
    never = Aws(["NoSuchEntity"] * 1000)
    with pytest.raises(TimedOut, match="120 s"):
        while_unknown(never.ask, "NoSuchEntity", clock=never.clock())


def test_a_user_that_iam_does_not_know_everywhere_yet_gets_its_policy(stack: Stack) -> None:
    user = iam_user.create(stack)
    quick = replace(stack.knows(user), clock=Clock(stack.clock.now, lambda _: None))
    with Stubber(stack.aws.iam) as stubber:
        stubber.add_client_error("put_user_policy", "NoSuchEntity")
        stubber.add_response("put_user_policy", {})
        stubber.add_response("list_attached_user_policies", {"AttachedPolicies": []})
        stubber.add_response("list_user_policies", {"PolicyNames": []})
        iam_user.create(quick)
        stubber.assert_no_pending_responses()
