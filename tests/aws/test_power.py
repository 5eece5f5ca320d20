"""Stopping an instance and starting it again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cloud.wire import refusal

from mlflow_ops.ec2 import instances, power
from mlflow_ops.errors import AwsRefused, HostUnreachable, MlflowOpsError, NotReady, TimedOut
from mlflow_ops.reach import connection
from mlflow_ops.settings import Settings
from mlflow_ops.steps import instance
from mlflow_ops.wait import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.records import Instance
    from mlflow_ops.stack import Stack


class Quick:
    """A clock whose pauses are over at once; `meanwhile` happens in the first of them."""

    def __init__(self) -> None:
        self.time = 0.0
        self.meanwhile: Callable[[], object] = lambda: None

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.time += seconds
        happens, self.meanwhile = self.meanwhile, lambda: None
        happens()


@pytest.fixture
def quick() -> Quick:
    """Return the time as the stack sees it."""
    return Quick()


@pytest.fixture
def hasty(grouped: Stack, quick: Quick) -> Stack:
    """Return a stack for which time passes quickly."""
    return replace(grouped, clock=Clock(lambda: quick.time, quick.sleep))


@pytest.fixture
def made(hasty: Stack) -> Instance:
    """Return an instance that was just launched."""
    return instance.create(hasty)


def state(stack: Stack, there: Instance) -> str:
    return instances.now(stack, there.id).state


def test_stopping_waits_for_the_launch_before_and_the_end_after(
    hasty: Stack, made: Instance, cloud: StrictCloud
) -> None:
    cloud.states.pending = cloud.states.stopping = 3
    power.stop(hasty, made)
    assert state(hasty, made) == "stopped"
    power.stop(hasty, made)
    assert state(hasty, made) == "stopped"


def test_one_that_is_stopping_is_not_asked_again(
    hasty: Stack, made: Instance, cloud: StrictCloud
) -> None:
    cloud.states.stopping = 2
    instances.settled(hasty, made.id)
    hasty.aws.ec2.stop_instances(InstanceIds=[made.id])
    asked: list[str] = []

    def noted(call: Call, ask: Ask) -> Answer:
        asked.append(call.operation)
        return ask()

    with cloud.also(noted):
        power.stop(hasty, made)
    assert {*asked} == {"DescribeInstances"}


def test_one_that_never_stops_is_told_how_to_force(
    hasty: Stack, made: Instance, cloud: StrictCloud
) -> None:
    cloud.states.stopping = 10_000
    with pytest.raises(TimedOut, match=f"--force --instance-ids {made.id} --region us-east-1"):
        power.stop(hasty, made)


def test_one_that_ends_instead_is_no_stopped_one(
    hasty: Stack, made: Instance, quick: Quick, cloud: StrictCloud
) -> None:
    instances.settled(hasty, made.id)
    cloud.states.stopping = 3
    ids: Any = {"InstanceIds": [made.id]}
    quick.meanwhile = lambda: cloud.client("ec2").terminate_instances(**ids)
    with pytest.raises(MlflowOpsError, match="ended instead of stopping"):
        power.stop(hasty, made)


def test_starting_waits_until_it_has_stopped(
    hasty: Stack, made: Instance, cloud: StrictCloud
) -> None:
    cloud.states.stopping = 3
    instances.settled(hasty, made.id)
    hasty.aws.ec2.stop_instances(InstanceIds=[made.id])
    power.start(hasty, made)
    assert instances.settled(hasty, made.id).state == "running"
    power.start(hasty, made)


def test_what_aws_describes_too_early_is_asked_for_again(
    hasty: Stack, made: Instance, cloud: StrictCloud
) -> None:
    power.stop(hasty, made)
    refused: list[str] = []

    def not_yet(call: Call, ask: Ask) -> Answer:
        if call.operation != "StartInstances" or refused:
            return ask()
        refused.append(str(call))
        return refusal(call, "IncorrectInstanceState", "It is not in a state to be started.")

    with cloud.also(not_yet):
        power.start(hasty, made)
    assert refused
    assert instances.settled(hasty, made.id).state == "running"


def test_a_full_zone_is_told_with_both_ways_out(
    hasty: Stack, made: Instance, cloud: StrictCloud
) -> None:
    power.stop(hasty, made)

    def full(call: Call, ask: Ask) -> Answer:
        if call.operation != "StartInstances":
            return ask()
        return refusal(call, "InsufficientInstanceCapacity", "No room.")

    with cloud.also(full), pytest.raises(AwsRefused, match="later, or `mlflow-ops down"):
        power.start(hasty, made)


def test_nobody_knocks_at_a_stopped_machine(hasty: Stack, made: Instance) -> None:
    power.stop(hasty, made)
    there = instances.now(hasty, made.id)
    known = replace(hasty.knows(there), wanted=None)
    with pytest.raises(HostUnreachable, match="mlflow-ops start"):
        known.host()
    assert instance.ready(known, there).state == "stopped"
    with pytest.raises(NotReady, match="is stopped: `mlflow-ops start`"):
        connection.located(known, Settings())


def test_the_words_name_what_goes_on_costing() -> None:
    assert "Elastic IP (0.12 USD a day)" in power.goes_on_costing(elastic=True)
    assert "Elastic IP" not in power.goes_on_costing(elastic=False)
    assert "its disk (8 GB, 0.02 USD a day)" in power.goes_on_costing(elastic=False)
