"""What S3 buckets need beyond a call: settings that may be absent, counting, and removal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.s3.emptying import Emptying, pages
from mlflow_ops.wait import Clock, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_s3 import S3Client

CLOSED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}
ENCRYPTED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
GONE_DEADLINE = 300.0


def setting(ask: Callable[[], Any], *, none: str, default: object) -> Any:  # noqa: ANN401 - AWS's own descriptions
    """Return what `ask` answers, or the default when AWS says with `none` that it is not set."""
    try:
        return ask()
    except sdk.ClientError as error:
        if code(error) != none:
            raise
        return default


def is_closed(s3: S3Client, name: str) -> bool:
    """Whether public access to the bucket is blocked in all four ways."""
    return bool(
        setting(
            lambda: s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
            none="NoSuchPublicAccessBlockConfiguration",
            default={},
        )
        == CLOSED
    )


def is_encrypted(s3: S3Client, name: str) -> bool:
    """Whether the bucket encrypts by default."""
    return bool(
        setting(
            lambda: s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"],
            none="ServerSideEncryptionConfigurationNotFoundError",
            default={},
        )
    )


def ownership(s3: S3Client, name: str) -> Any:  # noqa: ANN401 - AWS's own descriptions
    """Return who owns what others put into the bucket."""
    return setting(
        lambda: s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"],
        none="OwnershipControlsNotFoundError",
        default={},
    )


def policy(s3: S3Client, name: str) -> dict[str, Any]:
    """Return the bucket's policy, an empty one where it has none."""
    text = setting(
        lambda: s3.get_bucket_policy(Bucket=name)["Policy"],
        none="NoSuchBucketPolicy",
        default="{}",
    )
    found: dict[str, Any] = json.loads(text)
    return found


def size(s3: S3Client, name: str, prefix: str = "") -> tuple[int, int]:
    """Return how many objects the bucket holds, older versions too, and their bytes.

    With a prefix it counts those alone whose keys begin with it.
    """
    objects = total = 0
    for page in pages(s3, name, prefix):
        objects += len(page.get("Versions", []))
        total += sum(found["Size"] for found in page.get("Versions", []))
    return objects, total


def remove(s3: S3Client, name: str, clock: Clock, show: Callable[[str], None]) -> None:
    """Empty and delete the bucket, again and again while objects still arrive; fine if it is gone.

    Raises TimedOut when there are still some five minutes after they were all deleted once, and
    AwsRefused for those that S3 will not delete.
    """
    emptying = Emptying(s3, name, show)
    _removed(emptying) or until(
        f"bucket {name} to be gone",
        lambda: _removed(emptying),
        deadline=GONE_DEADLINE,
        clock=clock,
    )


def _removed(emptying: Emptying) -> bool:
    try:
        if not emptying.run():
            return False
        emptying.s3.delete_bucket(Bucket=emptying.name)
    except sdk.ClientError as error:
        if code(error) not in {"BucketNotEmpty", "OperationAborted", "NoSuchBucket"}:
            raise
        return code(error) == "NoSuchBucket"
    return True
