"""The bucket step, and the emptying of buckets."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_ops import buckets
from mlflow_ops.errors import NotOurs
from mlflow_ops.steps import bucket

if TYPE_CHECKING:
    from aws.conftest import StackOf
    from doubles.moto_cloud import MotoCloud

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


def test_a_bucket_that_lost_its_settings_is_repaired(stack: Stack) -> None:
    bucket.create(stack)
    s3, name = stack.aws.s3, stack.names.bucket
    s3.delete_public_access_block(Bucket=name)
    s3.delete_bucket_encryption(Bucket=name)
    found = bucket.find(stack)
    assert found
    assert found.missing == ("public access block", "encryption")
    bucket.create(stack.knows(found))
    again = bucket.find(stack)
    assert again
    assert again.missing == ()


def test_a_crash_between_the_creation_and_the_tags_is_repaired(stack: Stack) -> None:
    with stack.journal.asking("bucket", name=stack.names.bucket):
        stack.aws.s3.create_bucket(Bucket=stack.names.bucket, BucketNamespace="account-regional")
    found = bucket.find(stack)
    assert found
    assert "tags" in found.missing
    bucket.create(stack.knows(found))
    assert stack.names.own(bucket._tags(stack))  # noqa: SLF001 - read back as the step does


@pytest.mark.parametrize("tags", [[], [{"Key": "mlflow-ops:stack", "Value": "other"}]])
def test_a_bucket_of_our_name_that_is_not_ours_is_not_touched(
    stack: Stack, cloud: MotoCloud, tags: list[dict[str, str]]
) -> None:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=stack.names.bucket, BucketNamespace="account-regional")
    if tags:
        s3.put_bucket_tagging(Bucket=stack.names.bucket, Tagging={"TagSet": tags})
    with pytest.raises(NotOurs, match=stack.names.bucket):
        bucket.find(stack)


def test_versions_delete_markers_and_uploads_all_go(stack: Stack, cloud: MotoCloud) -> None:
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


def test_more_objects_than_one_call_may_name_all_go(stack: Stack, cloud: MotoCloud) -> None:
    record = bucket.create(stack)
    s3 = cloud.client("s3")
    for number in range(1_050):
        s3.put_object(Bucket=record.id, Key=f"o/{number}", Body=b"")
    assert buckets.size(stack.aws.s3, record.id) == (1_050, 0)
    bucket.destroy(stack, record)
    assert cloud.holdings()["buckets"] == []


def test_as_taught_the_public_access_block_is_off(stack: Stack) -> None:
    assert stack.wanted
    taught = replace(stack, wanted=replace(stack.wanted, as_taught=True))
    bucket.create(taught)
    assert not buckets.is_closed(stack.aws.s3, stack.names.bucket)
    found = bucket.find(taught)
    assert found
    assert found.missing == ()
