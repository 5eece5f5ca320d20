"""The S3 bucket for the artifacts: private, encrypted, and its name never anybody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops import buckets
from mlflow_ops.aws import code
from mlflow_ops.errors import NotOurs, TimedOut
from mlflow_ops.names import KEPT_TAG
from mlflow_ops.records import READY, Bucket, Readiness, Record
from mlflow_ops.retry import while_unknown
from mlflow_ops.scopes import BUCKET, OBJECTS

if TYPE_CHECKING:
    from mlflow_ops.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "S3 bucket that holds the artifacts"
PLACE = "aws"
DEADLINE = 60.0
KEPT = {"Key": KEPT_TAG, "Value": "yes"}
# What S3's calls ask for:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
ALLOWS: Allows = {
    "find": BUCKET.allow("s3", "ListBucket GetBucketTagging"),
    "compare": BUCKET.allow("s3", "GetBucketPublicAccessBlock GetEncryptionConfiguration"),
    "create": (
        *BUCKET.allow("s3", "CreateBucket TagResource PutBucketOwnershipControls"),
        *BUCKET.allow("s3", "PutBucketTagging PutBucketPublicAccessBlock"),
        *BUCKET.allow("s3", "PutEncryptionConfiguration"),
    ),
    "destroy": (
        *BUCKET.allow("s3", "ListBucketVersions ListBucketMultipartUploads DeleteBucket"),
        *OBJECTS.allow("s3", "DeleteObject DeleteObjectVersion AbortMultipartUpload"),
    ),
    "keep": BUCKET.allow("s3", "PutBucketTagging"),
}


def find(stack: Stack) -> Bucket | None:
    """Return the bucket; raise NotOurs when one of its name lacks our tag."""
    name = stack.names.bucket
    try:
        stack.aws.s3.head_bucket(Bucket=name, ExpectedBucketOwner=stack.names.account)
    except sdk.ClientError as error:
        if code(error) == "404":
            return None
        # In the account's own namespace nobody else can have it: then 403 is a right we lack.
        foreign = code(error) == "301" or (code(error) == "403" and not stack.names.owns_namespace)
        raise _taken(name) if foreign else error from error
    tags = _tags(stack)
    # Emulators drop the tags of the create call: then the journal knows whose it is.
    if not stack.names.own(tags) and not (tags == [] and _asked(stack)):
        raise _taken(name)
    return Bucket(name, missing=_missing(stack, tags))


def plan(stack: Stack) -> str:
    """Say what would be made."""
    public = "open to be made public" if stack.want().as_taught else "public access blocked"
    return f"{stack.names.bucket}, {public}, encrypted"


def create(stack: Stack) -> Bucket:
    """Create the bucket with its tags, and close it to the public."""
    name = stack.names.bucket
    if stack.get(Bucket) is None:
        with stack.journal.asking("bucket", name=name) as made:
            _create_when_free(stack)
            made(name)
    while_unknown(lambda: _settle(stack), "NoSuchBucket", "OperationAborted", clock=stack.clock)
    return Bucket(name)


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - S3 answers for a new bucket at once
    """Tell that the bucket is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Empty the bucket of every version of every object, then delete it."""
    buckets.remove(stack.aws.s3, record.id, stack.clock, stack.voice.show)


def keep(stack: Stack) -> None:
    """Mark the bucket as left on purpose, until the next `up`, so that it is no orphan."""
    _tag(stack, KEPT)


def _create_when_free(stack: Stack) -> None:
    """Create the bucket once S3 has let go of one of its name, which may take an hour."""
    try:
        while_unknown(lambda: _create(stack), "OperationAborted", clock=stack.clock)
    except TimedOut as error:
        raise TimedOut(
            f"S3 is still at work on a bucket {stack.names.bucket} that was deleted not long ago, "
            "which may take it up to an hour: run `mlflow-ops up` again later, or take another "
            "--name."
        ) from error


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
            raise _taken(names.bucket) from error
        if code(error) != "BucketAlreadyOwnedByYou":
            raise


def _settle(stack: Stack) -> None:
    s3, name = stack.aws.s3, stack.names.bucket
    if not _are_right(stack, _tags(stack)):
        _tag(stack)
    if stack.want().as_taught:
        s3.delete_public_access_block(Bucket=name)
    else:
        block: Any = buckets.CLOSED
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    rule: Any = buckets.ENCRYPTED
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rule)


def _missing(stack: Stack, tags: list[Any]) -> tuple[str, ...]:
    if stack.wanted is None:
        return ()
    s3, name = stack.aws.s3, stack.names.bucket
    closed = buckets.is_closed(s3, name)
    wrong = {
        "tags": not _are_right(stack, tags),
        "public access block": closed == stack.wanted.as_taught,
        "encryption": not buckets.is_encrypted(s3, name),
    }
    return tuple(thing for thing, lacking in wrong.items() if lacking)


def _tags(stack: Stack) -> Any:  # noqa: ANN401 - AWS's own descriptions
    return buckets.setting(
        lambda: stack.aws.s3.get_bucket_tagging(Bucket=stack.names.bucket)["TagSet"],
        none="NoSuchTagSet",
        default=[],
    )


def _tag(stack: Stack, *more: dict[str, str]) -> None:
    """Put our tags on the bucket, and these; the user's own ones stay."""
    ours = {KEPT_TAG, *(tag["Key"] for tag in stack.names.tags)}
    theirs = [tag for tag in _tags(stack) if tag["Key"] not in ours]
    tags: Any = [*theirs, *stack.names.tags, *more]
    stack.aws.s3.put_bucket_tagging(Bucket=stack.names.bucket, Tagging={"TagSet": tags})


def _are_right(stack: Stack, tags: list[Any]) -> bool:
    return stack.names.own(tags) and all(tag["Key"] != KEPT_TAG for tag in tags)


def _asked(stack: Stack) -> bool:
    journal = stack.journal
    return bool(journal.open_question("bucket") or journal.last("bucket", "made"))


def _taken(name: str) -> NotOurs:
    return NotOurs(
        f"A bucket {name} is there already and is not this stack's: "
        "it is not ours to touch. Take another --name."
    )
