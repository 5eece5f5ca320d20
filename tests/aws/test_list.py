"""`mlflow-ops list`: every stack of an account in a line, whatever has become of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from aws import remains
from aws.price_list import PriceList
from cloud import backends
from cloud.wire import answer, refusal

from mlflow_ops import audit, listing, prices
from mlflow_ops.inventory.holding import Holding, Machine, Whose
from mlflow_ops.names import KEPT_TAG, SHAPE_TAG, STOPS_TAG, Names
from mlflow_ops.shape import Shape

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call
    from conftest import Cli

HERE, THERE, EUROPE = "us-east-1", "eu-west-1", "eu-central-1"
NAMES = Names("mlflow", backends.ACCOUNT, HERE)
NOW = datetime(2026, 11, 24, 12, tzinfo=timezone.utc)


def in_three_regions(call: Call, ask: Ask) -> Answer:
    """Be an account that has switched on three regions, and is kept from much of one."""
    if call.operation == "DescribeRegions":
        items = "".join(
            f"<item><regionName>{name}</regionName></item>" for name in (HERE, THERE, EUROPE)
        )
        return answer(
            f"<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
        )
    denied = ("DescribeAddresses", "DescribeSnapshots", "DescribeImages")
    if call.region == THERE and call.operation in denied:
        return refusal(call, "UnauthorizedOperation", "You are not authorized.", 403)
    return ask()


def test_each_stack_of_every_region_stands_in_the_list_with_what_it_is(
    cli: Cli, cloud: StrictCloud
) -> None:
    cloud.states.pending = 0
    far = replace(NAMES, stack="far", region=THERE)
    running = remains.instance(cloud, far)
    until = datetime.now(timezone.utc) + timedelta(hours=5, minutes=12, seconds=30)
    tags = {STOPS_TAG: until.isoformat(timespec="seconds"), SHAPE_TAG: Shape(idle="2h").tag}
    cloud.client("ec2", THERE).create_tags(
        Resources=[running], Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
    )
    stopped = remains.instance(cloud, replace(NAMES, stack="off"))
    cloud.client("ec2").stop_instances(InstanceIds=[stopped])
    remains.bucket(cloud, replace(NAMES, stack="old"), KEPT_TAG)
    remains.lock(cloud, replace(NAMES, stack="new"), timedelta(minutes=5))
    remains.lock(cloud, replace(NAMES, stack="gone"), timedelta(minutes=-5))
    with cloud.also(in_three_regions):
        ran = cli("list", "--all-regions", "--json", **cloud.environment())
    document = json.loads(ran.out)
    assert ran.code == 1  # something was not seen
    assert [failure.partition(":")[0] for failure in document["failures"]] == [
        f"elastic IPs, images, snapshots in {THERE}"
    ]
    actions = "ec2:DescribeAddresses, ec2:DescribeImages, ec2:DescribeSnapshots"
    assert f"to call {actions} (UnauthorizedOperation)" in document["failures"][0]
    found = {each["stack"]: each for each in document["stacks"]}
    assert {name: (each["region"], each["state"]) for name, each in found.items()} == {
        "far": (THERE, "running"),
        "off": (HERE, "stopped"),
        "old": (HERE, "kept"),
        "new": (HERE, "in the making"),
        "gone": (HERE, "left over"),
    }
    assert found["far"]["seconds_left"] == pytest.approx(5.2 * 3600, abs=60)
    assert found["far"]["address"] == "127.0.0.1"
    assert (found["off"]["address"], found["off"]["seconds_left"]) == ("", None)
    assert 0 <= found["far"]["age_seconds"] < 60
    assert found["far"]["cost_per_day"] == pytest.approx(0.2496 + 8 * 0.1 / 30.4 + 0.12)
    assert 0 < found["off"]["cost_per_day"] < 0.03
    assert document["cost_per_day"] == pytest.approx(
        sum(each["cost_per_day"] for each in found.values())
    )
    assert found["far"]["idle_stop_seconds"] == 2 * 3600
    assert "5 h 12 min, idle 2h" in ran.err or "5 h 11 min, idle 2h" in ran.err
    assert ran.err.count(f"in {THERE}: ") == ran.err.count("Not seen: ") == 1


def test_each_region_has_its_own_prices_and_what_has_none_makes_no_sum_smaller(
    cli: Cli, cloud: StrictCloud
) -> None:
    cloud.states.pending = 0
    for stack, region in (("big", HERE), ("near", EUROPE), ("far", THERE)):
        remains.instance(cloud, replace(NAMES, stack=stack, region=region))
    [big] = backends.ec2(HERE).all_instances()
    big.instance_type = "c5.4xlarge"
    with cloud.also(in_three_regions), cloud.also(PriceList()):
        ran = cli("list", "--all-regions", "--json", **cloud.environment())
    document = json.loads(ran.out)
    costs = {each["stack"]: each["cost_per_day"] for each in document["stacks"]}
    # That of eu-west-1 has no price list here.
    assert costs == {
        "big": None,
        "near": pytest.approx((0.012 + 0.006) * 24 + 8 * 0.119 / 30.4),
        "far": pytest.approx((0.0104 + 0.005) * 24 + 8 * 0.1 / 30.4),
    }
    assert (document["cost_per_day"], document["unpriced"]) == (None, ["c5.4xlarge"])
    rows = {line.split()[0]: line for line in ran.err.splitlines()}
    assert "at least 0.17" in rows["big"]
    assert "No price is known here for: c5.4xlarge." in ran.err
    for source in (f"AWS's prices for {EUROPE} of 20", f"{prices.AS_OF}, not {THERE}'s own"):
        assert source in ran.err


def test_one_region_is_looked_at_unless_all_are_meant(cli: Cli, cloud: StrictCloud) -> None:
    remains.instance(cloud, replace(NAMES, region=THERE))
    ran = cli("list", **cloud.environment())
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"No stack stands in account {backends.ACCOUNT}, {HERE}.\n"


def test_a_machine_without_a_sandbox_lists_none_and_starts_none(cli: Cli) -> None:
    ran = cli("list", "--sandbox", "--json")
    assert (ran.code, json.loads(ran.out)) == (
        0,
        {"stacks": [], "cost_per_day": 0, "unpriced": [], "failures": []},
    )


def stack(*holdings: Holding, state: str = "live") -> listing.Entry:
    """Return the entry of a stack that has these."""
    owned = tuple(audit.Owned(each, state) for each in holdings)
    seen = audit.StackAudit("mlflow", HERE, state, owned)
    [entry] = listing.entries(audit.Audit("1", (HERE,), NOW, (seen,), ()))
    return entry


def holding(**how: Any) -> Holding:  # noqa: ANN401 - a Holding's own fields
    return Holding("instance", "i-1", HERE, Whose("mlflow", HERE, tagged=True), **how)


def test_a_new_machine_beside_one_that_ends_is_the_stacks() -> None:
    ending = holding(machine=Machine("shutting-down"))
    young = holding(machine=Machine("pending", "192.0.2.1"), alive="live")
    assert stack(ending, young).state == "starting"
    assert stack(ending, state="orphan").state == "ending"


def test_a_limit_that_has_passed_or_is_none_is_told_as_what_it_is() -> None:
    def left(until: str, state: str = "running") -> int | None:
        return stack(holding(machine=Machine(state, until=until))).left

    assert left("2026-11-24T13:00:00+00:00") == 3600
    assert left("2026-11-24T11:00:00+00:00") is None  # a reboot has moved it
    assert left("2026-11-24T13:00:00+00:00", "stopped") is None
    assert [left(words) for words in ("", "soon", "2026-11-24T13:00:00")] == [None, None, None]


def test_a_stack_is_as_old_as_the_oldest_of_it() -> None:
    ages = ("2026-11-24T11:00:00+00:00", None, "2026-11-20T12:00:00+00:00")
    assert stack(*(holding(made=made) for made in ages)).age == 4 * 86_400
    assert stack(holding()).age is None
