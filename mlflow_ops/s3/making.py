"""Making the stack's bucket, and making it what it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import NotOurs, TimedOut
from mlflow_ops.names import KEPT_TAG
from mlflow_ops.records import Bucket
from mlflow_ops.retry import while_unknown
from mlflow_ops.s3 import buckets, protection

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack


def create(stack: Stack) -> None:
    """Create the bucket once S3 has let go of one of its name, which may take an hour."""
    try:
        while_unknown(lambda: _create(stack), "OperationAborted", clock=stack.clock)
    except TimedOut as error:
        raise TimedOut(
            f"S3 is still at work on a bucket {stack.names.bucket} that was deleted not long ago, "
            "which may take it up to an hour: run `mlflow-ops up` again later, or take another "
            "--name."
        ) from error


def settle(stack: Stack) -> None:
    """Give the bucket its tags and all that protects it, once S3 knows it."""
    while_unknown(lambda: _settle(stack), "NoSuchBucket", "OperationAborted", clock=stack.clock)


def missing(stack: Stack, tags: list[Any]) -> tuple[str, ...]:
    """Return in words what `settle` has to do to a bucket with these tags."""
    if stack.wanted is None:
        return ()
    tags_missing = () if _are_right(stack, tags) else ("tags",)
    return (*tags_missing, *protection.lacking(stack))


def tags_of(stack: Stack) -> Any:  # noqa: ANN401 - AWS's own descriptions
    """Return the bucket's tags."""
    return buckets.setting(
        lambda: stack.aws.s3.get_bucket_tagging(Bucket=stack.names.bucket)["TagSet"],
        none="NoSuchTagSet",
        default=[],
    )


def tag(stack: Stack, held: list[Any], *more: dict[str, str]) -> None:
    """Put our tags on the bucket, and these; of those it held the user's own ones stay."""
    ours = {KEPT_TAG, *(tag["Key"] for tag in stack.names.tags)}
    theirs = [tag for tag in held if tag["Key"] not in ours]
    tags: Any = [*theirs, *stack.names.tags, *more]
    stack.aws.s3.put_bucket_tagging(Bucket=stack.names.bucket, Tagging={"TagSet": tags})


def taken(name: str) -> NotOurs:
    """Return the error of a bucket that has our name and is somebody else's."""
    return NotOurs(
        f"A bucket {name} is there already and is not this stack's: "
        "it is not ours to touch. Take another --name."
    )


def _create(stack: Stack) -> None:
    names = stack.names
    place: Any = {"Tags": names.tags}
    if names.region != "us-east-1":  # which must not be named
        place["LocationConstraint"] = names.region
    namespace = {"BucketNamespace": "account-regional"} if names.owns_namespace else {}
    settings: Any = {"ObjectOwnership": "BucketOwnerEnforced", **namespace}
    try:
        stack.aws.s3.create_bucket(
            Bucket=names.bucket,
            CreateBucketConfiguration=place,
            **settings,
        )
    except sdk.ClientError as error:
        if code(error) == "BucketAlreadyExists":
            raise taken(names.bucket) from error
        if code(error) != "BucketAlreadyOwnedByYou":
            raise


def _settle(stack: Stack) -> None:
    there = stack.get(Bucket)
    if not _are_right(stack, held := tags_of(stack)):
        tag(stack, held)
    protection.put(stack, there.missing if there else tuple(protection.PROTECTIONS))


def _are_right(stack: Stack, tags: list[Any]) -> bool:
    return stack.names.own(tags) and all(tag["Key"] != KEPT_TAG for tag in tags)
