"""The elastic IP step, and the instance that it is tied to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from cloud import faults
from cloud.wire import refusal

from mlflow_ops.ec2 import addresses, instances
from mlflow_ops.errors import TimedOut
from mlflow_ops.records import ElasticIp, Instance
from mlflow_ops.refusals import words
from mlflow_ops.shape import Shape
from mlflow_ops.steps import elastic_ip, instance
from mlflow_ops.wait import Clock

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Call

    from mlflow_ops.stack import Stack

ELASTIC = "127.0.0.3"


class Quick:
    """A clock whose pauses are over at once."""

    def __init__(self) -> None:
        self.time = 0.0

    def sleep(self, seconds: float) -> None:
        """Let the time pass."""
        self.time += seconds


@pytest.fixture
def wish(grouped: Stack, cloud: StrictCloud) -> Stack:
    """Return a stack that wants an Elastic IP."""
    cloud.addresses.drawn = ELASTIC
    quick = Quick()
    return shaped(replace(grouped, clock=Clock(lambda: quick.time, quick.sleep)), elastic=True)


def shaped(stack: Stack, *, elastic: bool) -> Stack:
    return replace(stack, wanted=replace(stack.want(), shape=Shape(elastic=elastic)))


def held(cloud: StrictCloud) -> list[Any]:
    found: list[Any] = cloud.client("ec2").describe_addresses()["Addresses"]
    return found


def made(stack: Stack) -> tuple[Stack, Instance]:
    """Make the address and the instance, and return the stack that knows the address."""
    stack = stack.knows(elastic_ip.create(stack))
    there = instance.create(stack)
    stack = stack.knows(elastic_ip.find(stack) or there)
    return stack, instances.now(stack, there.id)


def test_it_is_tagged_in_the_call_and_written_down_before_and_after(
    wish: Stack, cloud: StrictCloud
) -> None:
    record = elastic_ip.create(wish)
    [found] = held(cloud)
    assert wish.names.own(found["Tags"])
    assert (record.id, record.address) == (found["AllocationId"], ELASTIC)
    told = wish.journal.last("elastic_ip", "made")
    assert told
    assert told["id"] == record.id
    assert wish.journal.last("elastic_ip", "asked")


def test_a_run_that_never_heard_the_answer_makes_no_second_one(
    wish: Stack, cloud: StrictCloud
) -> None:
    first = addresses.allocated(wish)
    wish.journal.path.unlink()
    with wish.journal.asking("elastic_ip"):
        pass  # the process was killed here
    cloud.lag.asks = 0
    assert elastic_ip.create(wish).id == first.id
    assert len(held(cloud)) == 1
    assert wish.journal.open_question("elastic_ip") is None


def test_what_shows_late_is_waited_for(wish: Stack, cloud: StrictCloud) -> None:
    cloud.lag.asks = 3
    first = addresses.allocated(wish)
    wish.journal.path.unlink()
    with wish.journal.asking("elastic_ip"):
        pass
    assert elastic_ip.find(wish) is None
    assert elastic_ip.create(wish).id == first.id


def test_a_new_one_whose_tags_do_not_show_yet_is_found_by_its_id(
    wish: Stack, cloud: StrictCloud
) -> None:
    cloud.lag.asks = 5
    record = elastic_ip.create(wish)
    assert elastic_ip.find(wish) == replace(record, instance="")
    assert elastic_ip.ready(wish, record).state == "ready"


def test_a_lost_answer_leaves_no_second_one(wish: Stack, cloud: StrictCloud) -> None:
    def first(call: Call, _: int) -> bool:
        return call.operation == "AllocateAddress" and not lost.met

    lost = faults.Fault(first, lambda call, ask: faults.fail(faults.LOST, call, ask))
    with cloud.also(lost):
        record = elastic_ip.create(wish)
    assert lost.met
    assert [each["AllocationId"] for each in held(cloud)] == [record.id]


def test_one_too_many_is_given_back_and_the_one_in_use_stays(
    wish: Stack, cloud: StrictCloud
) -> None:
    stack, there = made(wish)
    tags: Any = [{"ResourceType": "elastic-ip", "Tags": stack.names.tags}]
    cloud.client("ec2").allocate_address(Domain="vpc", TagSpecifications=tags)
    found = elastic_ip.find(stack)
    assert found
    assert found.missing
    kept = elastic_ip.create(stack)
    assert [each["AllocationId"] for each in held(cloud)] == [kept.id]
    assert kept.instance == there.id


def test_a_full_account_is_told_what_to_do(wish: Stack, cloud: StrictCloud) -> None:
    cloud.addresses.most = 0
    with pytest.raises(ClientError) as caught:
        elastic_ip.create(wish)
    assert "--quota-code L-0263D0A3" in words(caught.value)
    assert wish.journal.open_question("elastic_ip") is None


def test_the_instance_gets_it_as_soon_as_it_can(wish: Stack, cloud: StrictCloud) -> None:
    cloud.addresses.unknown, cloud.states.pending, cloud.states.unseen = 2, 3, 2
    stack, there = made(wish)
    assert there.address == ELASTIC
    assert held(cloud)[0]["InstanceId"] == there.id
    assert there.shape.elastic
    found = instance.find(stack)
    assert found
    assert found.missing == ()


def test_it_is_not_ready_at_another_address(wish: Stack) -> None:
    stack, there = made(wish)
    other = stack.knows(ElasticIp("eipalloc-9", address="127.0.0.9"))
    waiting = instance.ready(other, there)
    assert (waiting.state, "127.0.0.9" in waiting.detail) == ("pending", True)
    told = instance.ready(replace(other, wanted=None), there)
    assert (told.state, "mlflow-ops up" in told.detail) == ("broken", True)
    gone = replace(stack, wanted=None, records={})
    assert "is gone" in instance.ready(gone, there).detail


def test_without_it_the_instance_gets_another_address_and_nothing_is_left_to_pay(
    wish: Stack, cloud: StrictCloud
) -> None:
    stack, _ = made(wish)
    plain = shaped(replace(stack, records={**wish.records}), elastic=False)
    found = instance.find(plain)
    assert found
    assert "an address of AWS's own" in found.missing
    there = instance.create(plain)
    assert held(cloud) == []
    assert [instances.now(plain, there.id).address for _ in range(2)][-1] == "127.0.0.1"
    again = instance.find(plain)
    assert again
    assert again.missing == ()


def test_what_a_killed_run_has_allocated_is_given_back_by_a_plain_one(
    wish: Stack, cloud: StrictCloud
) -> None:
    plain = shaped(wish, elastic=False)
    instance.create(plain)
    elastic_ip.create(wish)  # `up --elastic-ip` was killed here
    found = instance.find(plain)
    assert found
    assert found.missing == ("an address of AWS's own",)
    instance.create(plain)
    assert held(cloud) == []
    assert not addresses.may_stand(plain)


def test_destroying_it_twice_is_fine_and_takes_all_of_them(wish: Stack, cloud: StrictCloud) -> None:
    record = elastic_ip.create(wish)
    tags: Any = [{"ResourceType": "elastic-ip", "Tags": wish.names.tags}]
    cloud.client("ec2").allocate_address(Domain="vpc", TagSpecifications=tags)
    for _ in range(2):
        elastic_ip.destroy(wish, record)
        assert held(cloud) == []


def test_one_that_somebody_has_tied_elsewhere_is_freed_first(
    wish: Stack, cloud: StrictCloud
) -> None:
    stack, _ = made(wish)
    cloud.addresses.frees = False
    elastic_ip.destroy(stack, stack.need(ElasticIp))
    assert held(cloud) == []


def test_one_that_stays_in_use_is_not_waited_for_for_ever(wish: Stack, cloud: StrictCloud) -> None:
    record = elastic_ip.create(wish)

    def in_use(call: Call, ask: Any) -> Any:  # noqa: ANN401 - likewise
        if call.operation != "ReleaseAddress":
            return ask()
        return refusal(call, "InvalidIPAddress.InUse", "Address is in use.")

    with cloud.also(in_use), pytest.raises(TimedOut, match=record.id):
        elastic_ip.destroy(wish, record)
