"""The walk over the steps, with steps that are fakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError
from fakes import FakeStep, FakeWatch

from mlflow_ops import states as step_states
from mlflow_ops import walk
from mlflow_ops.errors import HostUnreachable, MlflowOpsError, NotOurs, PrivateKeyLost, TimedOut
from mlflow_ops.folder import Folder
from mlflow_ops.names import Names
from mlflow_ops.records import Readiness
from mlflow_ops.stack import Stack
from mlflow_ops.wait import Clock

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("first", "second", "third")


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    target: Any = None  # fakes ask no cloud
    time = [0.0]

    def sleep(seconds: float) -> None:
        time[0] += seconds

    clock = Clock(lambda: time[0], sleep)
    return Stack(Names("s", "1" * 12, "us-east-1"), target, Folder(tmp_path / "s"), clock=clock)


@pytest.fixture
def steps() -> dict[str, FakeStep]:
    calls: list[str] = []
    return {name: FakeStep(name, calls) for name in NAMES}


def up(stack: Stack, steps: dict[str, FakeStep]) -> FakeWatch:
    watch = FakeWatch()
    stack, found = walk.look(stack, steps)
    steps["first"].calls.clear()
    walk.up(stack, steps, found, watch)
    return watch


def test_up_makes_the_steps_in_their_order(stack: Stack, steps: dict[str, FakeStep]) -> None:
    watch = up(stack, steps)
    assert steps["first"].calls == [f"create {name}" for name in NAMES]
    assert watch.seen[:2] == ["make first", "done first-1"]


def test_up_on_a_whole_stack_makes_nothing(stack: Stack, steps: dict[str, FakeStep]) -> None:
    for name, step in steps.items():
        step.world.add(name)
    watch = up(stack, steps)
    assert steps["first"].calls == []
    assert "check second" in watch.seen


def test_up_repairs_what_is_incomplete_and_nothing_else(
    stack: Stack, steps: dict[str, FakeStep]
) -> None:
    for name, step in steps.items():
        step.world.add(name)
    steps["second"].incomplete = True
    watch = up(stack, steps)
    assert steps["first"].calls == ["create second"]
    assert "repair second" in watch.seen


def test_a_clash_is_seen_before_anything_is_made(stack: Stack, steps: dict[str, FakeStep]) -> None:
    steps["third"].error = NotOurs("theirs")
    with pytest.raises(NotOurs):
        up(stack, steps)
    assert not any(call.startswith("create") for call in steps["first"].calls)


def test_a_host_that_does_not_answer_yet_is_asked_again_when_its_turn_comes(
    stack: Stack, steps: dict[str, FakeStep]
) -> None:
    for name, step in steps.items():
        step.world.add(name)
    steps["third"].PLACE = "host"
    steps["third"].error = HostUnreachable("it boots")
    stack, found = walk.look(stack, steps)
    assert list(found) == ["first", "second"]
    steps["third"].error = None
    steps["first"].calls.clear()
    walk.up(stack, steps, found, FakeWatch())
    assert steps["first"].calls == ["find third"]


def test_up_waits_until_a_step_is_ready_and_then_goes_on(
    stack: Stack, steps: dict[str, FakeStep]
) -> None:
    steps["first"].readiness = [Readiness("pending", "soon")] * 5
    up(stack, steps)
    assert steps["first"].calls[-1] == "create third"


def test_a_step_that_never_gets_ready_says_what_it_waited_for(
    stack: Stack, steps: dict[str, FakeStep]
) -> None:
    steps["second"].readiness = [Readiness("pending", "SSH does not answer")] * 1000
    with pytest.raises(TimedOut, match="10 s: SSH does not answer"):
        up(stack, steps)
    assert "create third" not in steps["first"].calls


def test_what_a_step_that_never_gets_ready_has_logged_is_part_of_the_error(
    stack: Stack, steps: dict[str, FakeStep]
) -> None:
    @dataclass
    class Logging(FakeStep):
        def last_words(self, stack: Stack) -> str:
            return "\n  | no module named mlflow"

    steps["second"] = Logging("second", steps["first"].calls)
    steps["second"].readiness = [Readiness("pending", "no answer")] * 1000
    with pytest.raises(TimedOut, match="(?s)no answer.*no module named mlflow"):
        up(stack, steps)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (EndpointConnectionError(endpoint_url="http://nowhere"), "could not be reached"),
        (ResponseParserError("invalid XML received:\n<html>"), "a network's login page"),
    ],
)
def test_an_aws_that_cannot_be_reached_stops_neither_status_nor_down(
    stack: Stack, steps: dict[str, FakeStep], error: Exception, said: str
) -> None:
    up(stack, steps)
    steps["second"].error = error
    _, states = step_states.status(stack, steps)
    assert [state.state for state in states] == ["ready", "unknown", "ready"]
    found, failures = walk.found_for_down(stack, steps, FakeWatch())
    assert list(found) == ["first", "third"]
    assert said in failures[0]
    assert "html" not in failures[0]


def test_a_broken_step_is_not_waited_for(stack: Stack, steps: dict[str, FakeStep]) -> None:
    steps["second"].readiness = [Readiness("broken", "it is terminated")]
    with pytest.raises(MlflowOpsError, match="it is terminated"):
        up(stack, steps)
    assert stack.clock.now() == 0


def test_down_goes_backwards_and_past_a_failure(stack: Stack, steps: dict[str, FakeStep]) -> None:
    up(stack, steps)
    found, _ = walk.found_for_down(stack, steps, FakeWatch())
    steps["first"].calls.clear()
    steps["second"].error = MlflowOpsError("not now")
    ended = walk.down(stack, steps, found, FakeWatch())
    assert steps["first"].calls == [f"destroy {name}" for name in reversed(NAMES)]
    assert ended.destroyed == ("third-1", "first-1")
    assert ended.failures == ("second (second-1): not now",)


def test_down_leaves_what_is_not_ours_and_what_goes_with_the_instance(
    stack: Stack, steps: dict[str, FakeStep]
) -> None:
    up(stack, steps)
    steps["first"].error = NotOurs("theirs")
    steps["third"].PLACE = "host"
    found, failures = walk.found_for_down(stack, steps, FakeWatch())
    assert list(found) == ["second"]
    assert failures == ()


def test_a_step_that_cannot_be_asked_is_unknown_and_the_others_are_asked(
    stack: Stack, steps: dict[str, FakeStep]
) -> None:
    for name, step in steps.items():
        step.world.add(name)
    steps["second"].error = PrivateKeyLost("no key here")
    steps["third"].error = HostUnreachable("it boots")
    _, states = step_states.status(stack, steps)
    assert [state.state for state in states] == ["ready", "unknown", "pending"]
    assert [state.detail for state in states] == ["", "no key here", "it boots"]


@dataclass(frozen=True)
class Case:
    there: tuple[str, ...]
    expected: str
    readiness: tuple[tuple[str, str], ...] = ()
    here: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "case",
    [
        Case((), "absent"),
        Case(("first",), "partial"),
        Case(NAMES, "ready"),
        Case(NAMES, "starting", (("second", "pending"),)),
        Case(NAMES, "broken", (("second", "broken"),)),
        Case(NAMES, "ready", (("second", "unknown"),)),
        Case(NAMES, "starting", (("second", "unknown"), ("third", "pending"))),
        Case(("first", "third"), "ready", here=("second",)),
        Case(("second",), "absent", here=("second",)),
    ],
)
def test_the_stacks_state_follows_from_its_steps(
    stack: Stack, steps: dict[str, FakeStep], case: Case
) -> None:
    for name in case.there:
        steps[name].world.add(name)
    for name, state in case.readiness:
        steps[name].readiness = [Readiness(state)]
    for name in case.here:
        steps[name].PLACE = "here"
    _, states = step_states.status(stack, steps)
    assert step_states.overall(steps, states) == case.expected
