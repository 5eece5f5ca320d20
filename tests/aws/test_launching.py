"""Launching: full zones, types that are not to be had, and runs killed in between."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_ops import wanted
from mlflow_ops.ec2 import launching
from mlflow_ops.errors import AwsRefused, BadOption
from mlflow_ops.settings import Options
from mlflow_ops.stack import Voice
from mlflow_ops.steps import instance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.stack import Stack


@dataclass
class Launches:
    """Hears what is asked of RunInstances, call by call."""

    asked: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Take note of a launch."""
        if call.operation == "RunInstances":
            self.asked.append(call.parameters)
        return ask()

    @property
    def places(self) -> list[str]:
        """The subnets that were asked for."""
        return [each["NetworkInterfaces"][0]["SubnetId"] for each in self.asked]


@pytest.fixture
def launches(cloud: StrictCloud) -> Iterator[Launches]:
    """Hear the launches on the cloud."""
    heard = Launches()
    with cloud.also(heard):
        yield heard


Said = list[str]


def wanting(stack: Stack, **options: Any) -> tuple[Stack, Said]:  # noqa: ANN401 - options of every kind
    """Return the stack with every choice settled, and what it will say."""
    asked, said = Options(**options), Said()
    first = wanted.first_thoughts(asked, stack.target)
    chosen = wanted.settle(first, asked, stack.target, stack.records)
    return replace(stack, wanted=chosen, voice=Voice(said.append)), said


def test_a_full_zone_gives_way_to_the_next_at_once(
    grouped: Stack, cloud: StrictCloud, launches: Launches
) -> None:
    stack, said = wanting(grouped)
    cloud.capacity.out = {"us-east-1a", "us-east-1b"}
    made = instance.create(stack)
    assert cloud.holdings()["instances"] == [made.id]
    assert launches.places == [place.id for place in stack.want().places[:3]]
    assert len({each["ClientToken"] for each in launches.asked}) == 3
    assert [line.split(":")[0] for line in said] == [
        "no t3.micro to be had in us-east-1a",
        "no t3.micro to be had in us-east-1b",
    ]
    last = stack.journal.last("instance", "asked")
    assert last
    assert (last["subnet"], last["token"]) == (launches.places[2], launches.asked[2]["ClientToken"])


def test_a_zone_that_turns_out_to_lack_the_type_gives_way_too(
    grouped: Stack, cloud: StrictCloud
) -> None:
    stack, _ = wanting(grouped)
    cloud.capacity.lacking = {("t3.micro", "us-east-1a")}
    assert instance.create(stack).id


def test_when_all_zones_are_full_the_error_names_them_and_what_would_do(
    grouped: Stack, cloud: StrictCloud
) -> None:
    stack, _ = wanting(grouped)
    zones = [place.zone for place in stack.want().places]
    cloud.capacity.out, cloud.capacity.free = set(zones), ("t3.micro", "t3.small", "t3.nano")
    named = rf"no t3.micro to give now in {', '.join(zones)},.*would do.*: t3.small\. .*again later"
    with pytest.raises(AwsRefused, match=named):
        instance.create(stack)
    assert cloud.holdings()["instances"] == []


def test_the_subnet_that_the_user_named_is_the_only_one_tried(
    grouped: Stack, cloud: StrictCloud, launches: Launches
) -> None:
    stack, _ = wanting(grouped)
    subnet = stack.want().places[1].id
    stack, _ = wanting(grouped, subnet_id=subnet)
    cloud.capacity.out = {"us-east-1b"}
    with pytest.raises(AwsRefused, match="all there is to try of --subnet-id"):
        instance.create(stack)
    assert launches.places == [subnet]


@pytest.mark.parametrize("stopped_at", [1, 2, 3])
def test_a_run_killed_in_any_try_is_taken_up_by_the_very_same_call(
    grouped: Stack, cloud: StrictCloud, launches: Launches, stopped_at: int
) -> None:
    stack, _ = wanting(grouped)
    cloud.capacity.out = {"us-east-1a", "us-east-1b"}
    events: Any = stack.aws.ec2.meta.events

    def stop(**_: object) -> None:
        if len(launches.asked) == stopped_at:
            raise KeyboardInterrupt

    events.register("after-call.ec2.RunInstances", stop, unique_id="stop")
    with pytest.raises(KeyboardInterrupt):
        launching.launch(stack)
    events.unregister("after-call.ec2.RunInstances", unique_id="stop")
    # As long as the tags do not show, nothing but the token tells that there is one already.
    made = launching.launch(stack)
    assert launches.asked[stopped_at] == launches.asked[stopped_at - 1]
    assert cloud.holdings()["instances"] == [made.id]


def test_options_that_changed_after_a_killed_launch_are_refused(grouped: Stack) -> None:
    with grouped.journal.asking("instance", token="t", subnet="s", type="t3.small", image="i"):
        pass  # the process was killed here
    stack, _ = wanting(grouped, instance_type="t3.large")
    with pytest.raises(BadOption, match="--instance-type t3.small, and may"):
        instance.create(stack)


def test_a_type_beyond_the_accounts_plan_gives_way_when_nobody_named_it(
    grouped: Stack, cloud: StrictCloud
) -> None:
    cloud.capacity.free = ("t4g.micro", "t4g.small")
    stack, said = wanting(grouped)
    made = instance.create(stack)
    found = cloud.client("ec2").describe_instances(InstanceIds=[made.id])
    launched = found["Reservations"][0]["Instances"][0]
    assert (launched["InstanceType"], launched["Architecture"]) == ("t4g.micro", "arm64")
    assert "plan does not include a t3.micro: launching a t4g.micro instead" in said[0]


def test_a_named_type_beyond_the_accounts_plan_is_refused_with_those_that_would_do(
    grouped: Stack, cloud: StrictCloud
) -> None:
    cloud.capacity.free = ("t4g.micro", "t3.small")
    stack, _ = wanting(grouped, instance_type="t3.micro")
    with pytest.raises(AwsRefused, match=r"include a t3.micro\. .*: t4g.micro, t3.small\.$"):
        instance.create(stack)
    assert cloud.holdings()["instances"] == []
