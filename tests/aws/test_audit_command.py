"""`mlflow-ops audit` as a user runs it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aws import remains
from cloud import backends
from cloud.wire import answer, refusal

from mlflow_ops.names import KEPT_TAG, Names

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call
    from conftest import Cli

HERE, THERE = "us-east-1", "eu-west-1"
NAMES = Names("mlflow", backends.ACCOUNT, HERE)


def in_two_regions(call: Call, ask: Ask) -> Answer:
    """Be an account that has switched on two regions: each costs a look."""
    if call.operation != "DescribeRegions":
        return ask()
    items = "".join(f"<item><regionName>{region}</regionName></item>" for region in (HERE, THERE))
    return answer(
        f"<DescribeRegionsResponse><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
    )


def without_snapshots(call: Call, ask: Ask) -> Answer:
    """Deny a look at snapshots."""
    if call.operation == "DescribeSnapshots":
        return refusal(call, "UnauthorizedOperation", "You are not authorized.", 403)
    return ask()


def test_orphans_end_the_command_with_3_and_stand_in_its_document(
    cli: Cli, cloud: StrictCloud
) -> None:
    remains.all_kinds(cloud, replace(NAMES, region=THERE))
    remains.lock(cloud, replace(NAMES, stack="old"), timedelta(minutes=-5))
    with cloud.also(in_two_regions):
        ran = cli("audit", "--json", "--all-regions", **cloud.environment())
    document = json.loads(ran.out)
    assert (ran.code, document["orphans"], document["failures"]) == (3, 1, [])
    assert document["regions"] == [THERE, HERE]
    live, old = document["stacks"]
    assert (live["stack"], live["region"], live["state"]) == ("mlflow", THERE, "live")
    # The machine and its address, two disks, an Elastic IP, and a snapshot.
    disks = 8 * 0.1 / 30.4 + 8 * 0.08 / 30.4
    wanted = 0.2496 + 2 * 0.12 + disks + 8 * 0.05 / 30.4
    assert live["cost_per_day"] == pytest.approx(wanted, abs=0.005)
    [lock] = old["holdings"]
    assert (lock["kind"], lock["name"], lock["owner"]) == (
        "lock",
        "mlflow-ops-old-us-east-1-lock",
        None,
    )
    assert 0 <= lock["age_seconds"] < 60
    assert lock["command"].startswith(f"aws ec2 delete-key-pair --key-pair-id {lock['id']} ")


def test_the_command_shows_each_stack_with_its_cost_and_each_orphan_with_its_cure(
    cli: Cli, cloud: StrictCloud
) -> None:
    remains.instance(cloud, NAMES)
    remains.bucket(cloud, replace(NAMES, stack="old"), KEPT_TAG)
    ran = cli("audit", **cloud.environment())
    assert (ran.code, ran.err) == (0, "")
    assert f"Account {backends.ACCOUNT}" in ran.out
    assert "Stack 'mlflow' in us-east-1: live, 0." in ran.out
    assert "Stack 'old' in us-east-1: kept on purpose, 0.00 USD a day" in ran.out
    for stack in ("gone", "Not a Name"):
        names = replace(NAMES, stack=stack)
        tags = remains.tagged("key-pair", names)
        cloud.client("ec2").create_key_pair(KeyName=names.base, TagSpecifications=tags)
    ran = cli("audit", **cloud.environment())
    assert ran.code == 3
    assert "\n    aws ec2 delete-key-pair --key-pair-id key-" in ran.out
    assert ran.out.count("Try first: mlflow-ops down --name gone --region us-east-1\n") == 1
    assert "Orphans: 2." in ran.out


def test_a_look_that_failed_ends_the_command_with_1_when_there_are_no_orphans(
    cli: Cli, cloud: StrictCloud
) -> None:
    with cloud.also(without_snapshots):
        ran = cli("audit", **cloud.environment())
    assert ran.code == 1
    assert "Not seen: snapshots in us-east-1: " in ran.out


def test_a_sandbox_that_is_not_there_holds_nothing(cli: Cli) -> None:
    ran = cli("audit", "--sandbox", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["stacks"] == []
