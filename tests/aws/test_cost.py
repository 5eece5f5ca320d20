"""What a stack costs: by AWS's own list of prices where that is to be had, from what is there."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from aws import remains
from aws.price_list import PriceList
from cloud import backends

from mlflow_ops import prices
from mlflow_ops.costs import ran, sums
from mlflow_ops.names import RAN_TAG, Names
from mlflow_ops.prices import asking, keeping
from mlflow_ops.prices.questions import Kinds
from mlflow_ops.records import Bucket, ElasticIp

if TYPE_CHECKING:
    from aws.conftest import StackOf
    from cloud.server import StrictCloud
    from conftest import Cli

    from mlflow_ops.stack import Stack

EUROPE = "eu-central-1"
NAMES = Names("mlflow", backends.ACCOUNT, "us-east-1")
TABLE = prices.shipped("us-east-1")
MICRO = frozenset({"t3.micro"})


@pytest.fixture
def listed(stack_of: StackOf) -> Stack:
    """Return a stack in a region whose prices are AWS's alone, with a folder on this machine."""
    stack = stack_of(region=EUROPE)
    stack.folder.path.mkdir(parents=True)
    return stack


def aged(instance_id: str, hours: float) -> datetime:
    """Let an instance and its disk be so old, and return when they were made."""
    made = datetime.now(timezone.utc) - timedelta(hours=hours)
    backend = backends.ec2("us-east-1")
    instance = backend.get_instance(instance_id)
    instance.launch_time = made.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    for volume in backend.volumes.values():
        volume.create_time = made
    return made


def amounts(found: sums.Cost) -> dict[str, Any]:
    """Return what each part costs an hour, and has cost so far."""
    return {part.name: (part.usd_hour, part.usd_so_far) for part in found.parts}


def test_the_list_gives_the_prices_of_the_stacks_own_region(
    cloud: StrictCloud, listed: Stack
) -> None:
    with cloud.also(PriceList()):
        found = asking.asked(listed, Kinds(MICRO, frozenset({"gp3", "standard"})))
    assert found.source.startswith("AWS's prices for eu-central-1 of 20")
    assert (found.instance("t3.micro"), found.address_hour) == (0.012, 0.006)
    assert dict(found.disk_gib_month) == {"gp3": 0.0952, "standard": 0.059}
    assert (found.storage_gib_month, found.put, found.get) == (0.0245, 0.0000054, 0.00000043)
    assert found.remark == ""


def test_a_list_is_asked_once_a_day_and_kept_for_nobody_elses_eyes(
    cloud: StrictCloud, listed: Stack
) -> None:
    with cloud.also(said := PriceList()):
        first = asking.asked(listed, Kinds(MICRO))
        count = len(said.asked)
        assert asking.asked(listed, Kinds(MICRO)) == first
        assert len(said.asked) == count
        # Another kind of disk is another question, and what was known stays known.
        asking.asked(listed, Kinds(MICRO, frozenset({"standard"})))
        assert {*keeping.known(listed).disk_gib_month} == {"gp3", "standard"}
    assert listed.folder.prices.stat().st_mode & 0o777 == 0o600
    kept = json.loads(listed.folder.prices.read_text())
    listed.folder.prices.write_text(json.dumps({**kept, "as_of": "2026-01-01"}))
    assert not keeping.known(listed).listed
    listed.folder.forget(listed.folder.path)
    assert not listed.folder.path.exists()


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"put": 1}', "nonsense", '{"listed": true}'])
def test_a_kept_list_that_is_no_list_is_as_none(listed: Stack, broken: str) -> None:
    listed.folder.prices.write_text(broken)
    assert keeping.known(listed) == prices.shipped(EUROPE)


def test_a_kept_list_with_words_for_prices_is_as_none(cloud: StrictCloud, listed: Stack) -> None:
    with cloud.also(PriceList()):
        asking.asked(listed, Kinds(MICRO))
    kept = json.loads(listed.folder.prices.read_text())
    for name, value in (("put", "much"), ("disk_gib_month", {"gp3": None}), ("get", -1.0)):
        listed.folder.prices.write_text(json.dumps({**kept, name: value}))
        assert keeping.known(listed) == prices.shipped(EUROPE), name


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"says": "AccessDeniedException"}, "pricing:GetProducts"),
        ({"says": "InternalErrorException"}, "Not today"),
        ({"lacks": "Requests-Tier2"}, "it does not say what get costs in eu-central-1"),
        ({"lacks": "TimedStorage"}, "it does not say what storage_gib_month costs"),
    ],
)
def test_a_list_that_is_not_to_be_had_leaves_the_dated_table_and_says_why(
    cloud: StrictCloud, listed: Stack, how: dict[str, Any], why: str
) -> None:
    with cloud.also(said := PriceList(**how)):
        found = asking.asked(listed, Kinds(MICRO))
    assert replace(found, remark="") == prices.shipped(EUROPE)
    assert why in found.remark
    assert found.source == f"{prices.AS_OF}, not {EUROPE}'s own"
    assert not listed.folder.prices.exists()
    assert len(said.asked) <= 10  # none is asked again and again


def test_a_type_that_the_list_lacks_has_no_price(cloud: StrictCloud, listed: Stack) -> None:
    with cloud.also(PriceList(lacks="BoxUsage")):
        found = asking.asked(listed, Kinds(MICRO))
    assert (found.listed, found.instance("t3.micro")) == (True, None)


def test_the_sandbox_which_has_no_list_is_not_asked_for_one(
    cloud: StrictCloud, listed: Stack
) -> None:
    here = replace(listed, target=replace(listed.target, kind="sandbox"))
    with cloud.also(said := PriceList()):
        assert asking.asked(here, Kinds(MICRO)) == prices.shipped(EUROPE)
    assert not said.asked


def test_prices_alone_do_not_make_this_machine_know_a_stack(
    cloud: StrictCloud, stack: Stack
) -> None:
    with cloud.also(PriceList()):
        assert asking.asked(stack, Kinds(MICRO)).listed
    assert not stack.folder.path.exists()


def test_a_machine_a_disk_and_an_address_cost_since_they_were_made(
    cloud: StrictCloud, stack: Stack
) -> None:
    made = aged(remains.instance(cloud, NAMES), 100)
    found = sums.brief(stack)
    size = 8
    expected = {
        "instance": (0.0104, pytest.approx(1.04, rel=0.01)),
        "disk": (TABLE.disk("gp2", size), pytest.approx(100 * size * 0.10 / 729.6, rel=0.01)),
        "public address": (0.005, pytest.approx(0.5, rel=0.01)),
    }
    assert amounts(found) == expected
    assert found.usd_day == pytest.approx(24 * sum(hourly or 0 for hourly, _ in expected.values()))
    assert found.since
    assert abs(found.since - made) < timedelta(seconds=2)


def test_a_stopped_machine_costs_its_disk_and_an_elastic_ip_alone(
    cloud: StrictCloud, stack: Stack
) -> None:
    instance = remains.instance(cloud, NAMES)
    cloud.states.pending = 0
    aged(instance, 10)
    cloud.client("ec2").stop_instances(InstanceIds=[instance])
    disk = TABLE.disk("gp2", 8)
    now = {name: hourly for name, (hourly, _) in amounts(sums.brief(stack)).items()}
    assert now == {"instance": 0.0, "disk": disk, "public address": 0.0}
    tied = stack.knows(ElasticIp("eipalloc-1", address="198.51.100.7", instance=instance))
    now = {name: hourly for name, (hourly, _) in amounts(sums.brief(tied)).items()}
    assert now == {"instance": 0.0, "disk": disk, "Elastic IP": 0.005}


def test_a_start_writes_down_what_the_runs_before_came_to(cloud: StrictCloud, stack: Stack) -> None:
    instance, ec2 = remains.instance(cloud, NAMES), cloud.client("ec2")
    cloud.states.pending = 0
    aged(instance, 10)
    ec2.stop_instances(InstanceIds=[instance])
    for _ in range(2):
        ran.keep(stack, instance)
    [found] = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    assert float(tags[RAN_TAG].split()[0]) == pytest.approx(36_000, abs=30)
    ec2.start_instances(InstanceIds=[instance])
    backends.ec2("us-east-1").get_instance(
        instance
    ).launch_time = f"{datetime.now(timezone.utc) - timedelta(hours=1):%Y-%m-%dT%H:%M:%S.000Z}"
    [machine, *_] = sums.brief(stack).parts
    assert machine.usd_so_far == pytest.approx(11 * 0.0104, rel=0.01)
    assert machine.estimate == ""


def test_a_bucket_costs_by_each_version_that_it_holds_and_by_its_requests(
    cloud: StrictCloud, stack: Stack
) -> None:
    remains.bucket(cloud, NAMES)
    s3 = cloud.client("s3")
    s3.put_object(Bucket=NAMES.bucket, Key="backups/named/a/manifest.json", Body=b"1" * 1000)
    with cloud.also(PriceList()):
        found = sums.whole(stack.knows(Bucket(NAMES.bucket)))
    what = {part.name: part.what for part in found.parts}
    assert what["artifacts"] == "3 bytes in 3 objects"
    assert what["backups"] == "1.0 KB in 1 object"
    by_name = amounts(found)
    assert by_name["backups"][0] == pytest.approx(0.0245 * 1000 / 2**30 / 729.6)
    # Nothing runs: what was written is paid for, and nothing more is to come.
    assert by_name["requests"] == (0.0, pytest.approx(4 * 0.0000054))
    assert found.since


def test_what_a_server_has_asked_of_its_bucket_costs_no_less_once_it_has_stopped(
    cloud: StrictCloud, stack: Stack
) -> None:
    instance = remains.instance(cloud, NAMES)
    cloud.states.pending = 0
    aged(instance, 10)
    remains.bucket(cloud, NAMES)
    stack = stack.knows(Bucket(NAMES.bucket))
    _, before = amounts(sums.whole(stack))["requests"]
    cloud.client("ec2").stop_instances(InstanceIds=[instance])
    now, so_far = amounts(sums.whole(stack))["requests"]
    assert (now, so_far) == (0.0, pytest.approx(before, rel=0.01))


def test_a_type_without_a_price_makes_no_sum_of_the_rest(cloud: StrictCloud, stack: Stack) -> None:
    remains.instance(cloud, NAMES)
    with cloud.also(PriceList(lacks="BoxUsage")):
        found = sums.whole(stack)
    assert (found.usd_hour, found.usd_month, found.usd_so_far) == (None, None, None)


def test_the_command_tells_each_part_and_the_sum_of_all(cli: Cli, cloud: StrictCloud) -> None:
    aged(remains.instance(cloud, NAMES), 1000)
    remains.bucket(cloud, NAMES)
    with cloud.also(PriceList()):
        told = cli("cost", "--json", **cloud.environment())
    assert told.code == 0
    # What one reads stands beside the document.
    heads, *lines = [line.split() for line in told.err.splitlines()[1:]]
    assert heads[0] == "part"
    rows = {line[0]: line for line in lines}
    assert rows["instance"][1:5] == ["0.0104", "0.25", "7.59", "10.40"]
    assert "AWS's prices for us-east-1 of 20" in told.err
    document: dict[str, Any] = json.loads(told.out)
    parts = {part["part"]: part for part in document["parts"]}
    assert [*parts] == [*("instance", "disk", "public address", "artifacts", "backups", "requests")]
    assert document["usd_month"] == pytest.approx(sum(p["usd_month"] for p in parts.values()))
    assert document["usd_so_far"] == pytest.approx(sum(p["usd_so_far"] for p in parts.values()))
    assert document["prices"]["listed"] is True
    assert rows["in"][1:6] == [
        *("all", f"{document['usd_hour']:.4f}", f"{document['usd_day']:.2f}"),
        *(f"{document['usd_month']:.2f}", f"{document['usd_so_far']:.2f}"),
    ]


def test_where_nothing_is_nothing_costs_and_the_exit_code_says_so(
    cli: Cli, cloud: StrictCloud
) -> None:
    ran = cli("cost", **cloud.environment())
    assert ran.code == 3
    assert "it costs nothing: `mlflow-ops up` makes one." in ran.err + ran.out
