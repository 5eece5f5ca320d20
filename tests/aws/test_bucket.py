"""The bucket step, and the emptying of buckets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from cloud.filling import fill
from cloud.wire import Answer, Ask, Call, Dropped, Rule, refusal

from mlflow_ops.errors import NotOurs, TimedOut
from mlflow_ops.s3 import buckets, making
from mlflow_ops.shape import Shape
from mlflow_ops.steps import bucket
from mlflow_ops.wait import Clock

if TYPE_CHECKING:
    from aws.conftest import StackOf
    from cloud.server import StrictCloud

    from mlflow_ops.stack import Stack


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "me-central-1"])
def test_the_bucket_is_private_encrypted_and_tagged_in_every_kind_of_region(
    stack_of: StackOf, region: str
) -> None:
    stack = stack_of(region=region)
    bucket.create(stack)
    s3, name = stack.aws.s3, stack.names.bucket
    where = s3.get_bucket_location(Bucket=name)["LocationConstraint"]
    assert where == (None if region == "us-east-1" else region)
    assert buckets.is_closed(s3, name)
    assert buckets.is_encrypted(s3, name)
    tags: Any = s3.get_bucket_tagging(Bucket=name)["TagSet"]
    assert stack.names.own(tags)
    assert bucket.find(stack) == bucket.find(replace(stack, wanted=None))


def test_a_crash_between_the_creation_and_the_tags_is_repaired(
    stack: Stack, cloud: StrictCloud
) -> None:
    cloud.tags.on = False  # as an emulator is, and AWS was
    with stack.journal.asking("bucket", name=stack.names.bucket):
        stack.aws.s3.create_bucket(Bucket=stack.names.bucket, BucketNamespace="account-regional")
    found = bucket.find(stack)
    assert found
    assert "tags" in found.missing
    bucket.create(stack.knows(found))
    assert stack.names.own(making.tags_of(stack))


@pytest.mark.parametrize("tags", [[], [{"Key": "mlflow-ops:stack", "Value": "other"}]])
def test_a_bucket_of_our_name_that_is_not_ours_is_not_touched(
    stack: Stack, cloud: StrictCloud, tags: list[dict[str, str]]
) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=stack.names.bucket, BucketNamespace="account-regional")
    if tags:
        s3.put_bucket_tagging(Bucket=stack.names.bucket, Tagging={"TagSet": tags})
    with pytest.raises(NotOurs, match=stack.names.bucket):
        bucket.find(stack)


def test_versions_delete_markers_and_uploads_all_go(stack: Stack, cloud: StrictCloud) -> None:
    record = bucket.create(stack)
    s3 = cloud.client("s3")
    s3.put_bucket_versioning(Bucket=record.id, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a", "a", "b"):
        s3.put_object(Bucket=record.id, Key=key, Body=b"x")
    s3.delete_object(Bucket=record.id, Key="b")
    s3.create_multipart_upload(Bucket=record.id, Key="c")
    bucket.destroy(stack, record)
    bucket.destroy(stack, record)
    assert cloud.holdings()["buckets"] == []


def test_more_objects_than_one_call_may_name_all_go(stack: Stack, cloud: StrictCloud) -> None:
    record = bucket.create(stack)
    fill(record.id, objects=1_050)
    assert buckets.size(stack.aws.s3, record.id) == (1_050, 4_200)
    bucket.destroy(stack, record)
    assert cloud.holdings()["buckets"] == []


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_creation_whose_answer_was_lost_is_asked_for_again_and_ends_right(
    stack_of: StackOf, cloud: StrictCloud, region: str
) -> None:
    stack, lost = stack_of(region=region), ["the answer"]

    def losing(call: Call, ask: Ask) -> Answer:
        found = ask()
        if call.operation == "CreateBucket" and lost:
            lost.pop()
            raise Dropped
        return found

    with cloud.also(losing):
        record = bucket.create(stack)
    found = bucket.find(stack.knows(record))
    assert found
    assert (found.missing, lost) == ((), [])


def conflict(times: int) -> Rule:
    """Play S3 while it is still at work on a bucket of the name."""
    left = iter(range(times))

    def rule(call: Call, ask: Ask) -> Answer:
        if call.operation == "CreateBucket" and next(left, None) is not None:
            return refusal(call, "OperationAborted", "A conflicting operation", 409)
        return ask()

    return rule


def test_a_name_that_s3_has_not_let_go_of_is_waited_for(stack: Stack, cloud: StrictCloud) -> None:
    patient = replace(stack, clock=Clock(stack.clock.now, lambda _: None))
    with cloud.also(conflict(3)):
        assert bucket.create(patient).id == stack.names.bucket


def test_a_name_that_s3_keeps_for_long_is_explained_after_two_minutes(
    stack: Stack, cloud: StrictCloud
) -> None:
    passed = [0.0]

    def sleep(seconds: float) -> None:
        passed[0] += seconds

    waiting = replace(stack, clock=Clock(lambda: passed[0], sleep))
    with cloud.also(conflict(1_000)), pytest.raises(TimedOut, match="up to an hour"):
        bucket.create(waiting)
    assert 110 < passed[0] <= 125


def test_as_taught_the_public_access_block_is_off(stack: Stack) -> None:
    assert stack.wanted
    taught = replace(stack, wanted=replace(stack.wanted, shape=Shape(taught=True)))
    bucket.create(taught)
    assert not buckets.is_closed(stack.aws.s3, stack.names.bucket)
    found = bucket.find(taught)
    assert found
    assert found.missing == ()
