"""The lock on a stack, held from one machine or another."""

from __future__ import annotations

import itertools
import os
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError
from cloud import faults
from cloud.wire import refusal

from mlflow_ops import lease
from mlflow_ops.errors import Locked, NotOurs
from mlflow_ops.folder import Folder
from mlflow_ops.lease import holder, lock

if TYPE_CHECKING:
    from pathlib import Path

    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.stack import Stack

PAST = "2020-01-01T00:00:00+00:00"


@pytest.fixture
def elsewhere(stack: Stack, tmp_path: Path) -> Stack:
    """Return the same stack as another laptop sees it."""
    return replace(stack, folder=Folder(tmp_path / "other" / "mlflow"))


def locks(cloud: StrictCloud) -> list[dict[str, str]]:
    """Return the tags of each lock in the account."""
    found = cloud.client("ec2").describe_key_pairs()["KeyPairs"]
    return [{tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in found]


def kill_a_holder(stack: Stack, home: Path) -> None:
    """Hold the lock in a process of its own that ends without a word."""
    if not (child := os.fork()):
        with lease.held(stack, home, "up"):
            os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def expire(cloud: StrictCloud, stack: Stack) -> None:
    """Let the holder's time be over."""
    ec2 = cloud.client("ec2")
    [found] = ec2.describe_key_pairs(KeyNames=[lock.name(stack)])["KeyPairs"]
    ec2.create_tags(Resources=[found["KeyPairId"]], Tags=[{"Key": holder.UNTIL, "Value": PAST}])


def test_a_lock_carries_the_stacks_tags_and_leaves_nothing(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    with lease.held(stack, tmp_path, "up"):
        [tags] = locks(cloud)
        assert tags["mlflow-ops:stack"] == "mlflow"
        assert tags[holder.HOLDER].endswith(": mlflow-ops up")
        assert stack.folder.lock.stat().st_mode & 0o777 == 0o600
    assert locks(cloud) == []
    assert not stack.folder.path.exists()


def test_another_command_of_this_machine_is_refused_by_name_and_time(
    stack: Stack, tmp_path: Path
) -> None:
    refused = pytest.raises(Locked, match=r"on this machine by .+@.+: mlflow-ops up, since 20\d\d-")
    with lease.held(stack, tmp_path, "up"), refused, lease.held(stack, tmp_path, "down"):
        pytest.fail("two at once")


def test_another_laptop_is_refused_by_name_and_time_and_told_when_a_dead_lock_ends(
    stack: Stack, elsewhere: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    refused = pytest.raises(
        Locked, match=r"in use by .+: mlflow-ops up, since 20\d\d-.+ free again at "
    )
    with lease.held(stack, tmp_path, "up"):
        with refused, lease.held(elsewhere, tmp_path, "down"):
            pytest.fail("two at once")
        assert len(locks(cloud)) == 1
        assert not elsewhere.folder.path.exists()
    with lease.held(elsewhere, tmp_path, "down"):
        assert len(locks(cloud)) == 1


def test_after_a_kill_the_same_machine_goes_on_at_once(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    kill_a_holder(stack, tmp_path)
    assert len(locks(cloud)) == 1
    with lease.held(stack, tmp_path, "down"):
        [tags] = locks(cloud)
        assert tags[holder.HOLDER].endswith(": mlflow-ops down")
    assert locks(cloud) == []


def test_after_a_kill_another_machine_waits_until_the_lease_is_over_and_then_goes_on(
    stack: Stack, elsewhere: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    kill_a_holder(stack, tmp_path)
    with pytest.raises(Locked), lease.held(elsewhere, tmp_path, "down"):
        pytest.fail("two at once")
    expire(cloud, stack)
    with lease.held(elsewhere, tmp_path, "down"):
        assert len(locks(cloud)) == 1
    assert locks(cloud) == []


def test_a_renewed_lease_lasts_longer(stack: Stack, cloud: StrictCloud, tmp_path: Path) -> None:
    with lease.held(stack, tmp_path, "up") as held:
        expire(cloud, stack)
        held.renew()
        [tags] = locks(cloud)
        assert tags[holder.UNTIL] > PAST
        held.check()


def test_who_lost_the_lock_while_asleep_stops_and_does_not_free_the_new_holders(
    stack: Stack, elsewhere: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    with lease.held(stack, tmp_path, "up") as slept:
        expire(cloud, stack)
        with lease.held(elsewhere, tmp_path, "down") as awake:
            slept.renew()
            with pytest.raises(Locked, match="lost its hold"):
                slept.check()
            lock.free(stack, slept.id)
            assert len(locks(cloud)) == 1
            awake.check()


def test_a_lock_that_nobody_renews_is_no_hold(stack: Stack, tmp_path: Path) -> None:
    with lease.held(stack, tmp_path, "up") as held:
        held.held = replace(held.held, until=held.held.until - 2 * holder.LEASE)
        with pytest.raises(Locked, match="lost its hold"):
            held.check()


def test_who_is_interrupted_does_not_wait_for_aws_and_can_go_on_at_once(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    answering, answered = threading.Event(), threading.Event()

    def slow(call: Call, ask: Ask) -> Answer:
        if call.operation == "DeleteKeyPair":
            answering.wait(60)
            answered.set()
        return ask()

    with cloud.also(slow):
        with pytest.raises(KeyboardInterrupt), lease.held(stack, tmp_path, "up"):
            raise KeyboardInterrupt
        assert not answered.is_set()
        answering.set()
    with lease.held(stack, tmp_path, "down"):
        pass
    assert locks(cloud) == []


def test_a_refusal_does_not_forget_the_lock_of_a_dead_command_of_this_machine(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    kill_a_holder(stack, tmp_path)
    denied = cloud.also(faults.denying("ImportKeyPair"))
    with denied, pytest.raises(ClientError), lease.held(stack, tmp_path, "down"):
        pytest.fail("not held")
    with lease.held(stack, tmp_path, "down"):
        pass
    assert locks(cloud) == []


def test_a_refused_lock_leaves_no_file(stack: Stack, cloud: StrictCloud, tmp_path: Path) -> None:
    denied = cloud.also(faults.denying("ImportKeyPair"))
    with denied, pytest.raises(ClientError), lease.held(stack, tmp_path, "up"):
        pytest.fail("not held")
    assert not stack.folder.path.exists()


def test_a_lock_that_aws_shows_late_still_names_its_holder(
    stack: Stack, elsewhere: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    unseen = itertools.count()

    def late(call: Call, ask: Ask) -> Answer:
        if call.operation == "DescribeKeyPairs" and next(unseen) < 3:
            return refusal(call, "InvalidKeyPair.NotFound", "It is not there yet.")
        return ask()

    refused = pytest.raises(Locked, match="in use by .+: mlflow-ops up")
    first, second = lease.held(stack, tmp_path, "up"), lease.held(elsewhere, tmp_path, "down")
    with first, cloud.also(late), refused, second:
        pytest.fail("two at once")


def test_a_lock_that_cannot_be_removed_spoils_no_result_and_is_told(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    with cloud.also(faults.denying("DeleteKeyPair")), lease.held(stack, tmp_path, "up") as held:
        pass
    assert "ec2:DeleteKeyPair" in held.unfreed
    assert stack.folder.lock.exists()
    with lease.held(stack, tmp_path, "up"):
        pass
    assert locks(cloud) == []


def test_a_lease_that_was_overrun_is_not_renewed(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    with lease.held(stack, tmp_path, "up") as held:
        held.held = replace(held.held, until=held.held.until - 2 * holder.LEASE)
        before = locks(cloud)
        held.renew()
        assert locks(cloud) == before
        assert held.lost


def test_a_key_pair_of_the_locks_name_that_is_not_ours_is_not_touched(
    stack: Stack, cloud: StrictCloud, tmp_path: Path
) -> None:
    cloud.client("ec2").create_key_pair(KeyName=lock.name(stack))
    expected = pytest.raises(NotOurs, match=lock.name(stack))
    with expected, lease.held(stack, tmp_path, "up"):
        pytest.fail("not held")
    assert len(cloud.client("ec2").describe_key_pairs()["KeyPairs"]) == 1
    assert not stack.folder.path.exists()


def test_stacks_do_not_lock_each_other(stack: Stack, cloud: StrictCloud, tmp_path: Path) -> None:
    other = replace(
        stack, names=replace(stack.names, stack="other"), folder=Folder(tmp_path / "ops" / "other")
    )
    with lease.held(stack, tmp_path, "up"), lease.held(other, tmp_path, "up"):
        assert len(locks(cloud)) == 2
