"""The S3 bucket for the artifacts: private, encrypted, and its name never anybody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.iam.scopes import BUCKET, OBJECTS
from mlflow_ops.names import KEPT_TAG
from mlflow_ops.records import READY, Bucket, Readiness, Record
from mlflow_ops.s3 import buckets, making

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "S3 bucket that holds the artifacts"
PLACE = "aws"
DEADLINE = 60.0
KEPT = {"Key": KEPT_TAG, "Value": "yes"}
# What S3's calls ask for:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
ALLOWS: Allows = {
    "find": BUCKET.allow("s3", "ListBucket GetBucketTagging"),
    "compare": (
        *BUCKET.allow("s3", "GetBucketPublicAccessBlock GetEncryptionConfiguration"),
        *BUCKET.allow("s3", "GetBucketOwnershipControls GetBucketPolicy"),
    ),
    "create": (
        *BUCKET.allow("s3", "CreateBucket TagResource PutBucketOwnershipControls"),
        *BUCKET.allow("s3", "PutBucketTagging PutBucketPublicAccessBlock"),
        *BUCKET.allow("s3", "PutEncryptionConfiguration PutBucketPolicy"),
    ),
    "as_taught": BUCKET.allow("s3", "DeleteBucketPolicy"),
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
        raise making.taken(name) if foreign else error from error
    tags = making.tags_of(stack)
    # Emulators drop the tags of the create call: then the journal knows whose it is.
    if not stack.names.own(tags) and not (tags == [] and _asked(stack)):
        raise making.taken(name)
    return Bucket(name, missing=making.missing(stack, tags))


def plan(stack: Stack) -> str:
    """Say what would be made."""
    tls = ", TLS only" if stack.aws.uses_tls else ""
    public = "open to be made public" if stack.want().as_taught else f"no public access{tls}"
    return f"{stack.names.bucket}, {public}, encrypted"


def create(stack: Stack) -> Bucket:
    """Create the bucket with its tags, and put in place what protects it."""
    name = stack.names.bucket
    if stack.get(Bucket) is None:
        with stack.journal.asking("bucket", name=name) as made:
            making.create(stack)
            made(name)
    making.settle(stack)
    return Bucket(name)


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - S3 answers for a new bucket at once
    """Tell that the bucket is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Empty the bucket of every version of every object, then delete it."""

    def show(line: str) -> None:
        stack.check_hold()  # a machine that slept may have lost the stack to somebody else
        stack.voice.show(line)

    buckets.remove(stack.aws.s3, record.id, stack.clock, show)


def keep(stack: Stack) -> None:
    """Mark the bucket as left on purpose, until the next `up`, so that it is no orphan."""
    making.tag(stack, making.tags_of(stack), KEPT)


def _asked(stack: Stack) -> bool:
    journal = stack.journal
    return bool(journal.open_question("bucket") or journal.last("bucket", "made"))
