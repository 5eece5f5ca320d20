"""The way of an import's files into a bucket, where nothing is ever written over.

A key in use is never written again: the runs that the stack's backups have know what is there now.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.at_once import at_once
from mlflow_ops.aws import code
from mlflow_ops.backup import archive, artifacts
from mlflow_ops.backup.archive import Entry
from mlflow_ops.backup.layout import ARTIFACTS
from mlflow_ops.errors import MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from types_boto3_s3 import S3Client

NEW = "*"  # no ETag at all may be there
# Something is there, or somebody is writing it in this moment; HTTP's numbers stand for no words.
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


def there(s3: S3Client, bucket: str, wanted: Mapping[str, Entry]) -> set[str]:
    """Return which artifacts the bucket has already, byte for byte.

    Raises MlflowOpsError when it has others under the names of some.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=f"{ARTIFACTS}/")
    found = (each for page in pages for each in page.get("Contents", ()) if each["Key"] in wanted)
    sizes = {each["Key"]: each["Size"] for each in found}

    def compared(key: str) -> tuple[str, bool]:
        same = sizes[key] == wanted[key].size and _held(s3, bucket, key) == wanted[key]
        return key, same

    answers = dict(at_once(compared, sizes, artifacts.WORKERS))
    if others := sorted(key for key, same in answers.items() if not same):
        raise _refused(bucket, others)
    return set(answers)


def put(s3: S3Client, bucket: str, key: str, path: Path, entry: Entry) -> None:
    """Put a file into the bucket; S3 refuses one with another hash or size than it should have.

    Raises MlflowOpsError where there is another object already.
    """
    _never_over(s3)
    try:
        with path.open("rb") as file:
            _put(s3, bucket, key, file, entry)
    except sdk.ClientError as error:
        _settle(s3, bucket, key, entry, error)


def _put(s3: S3Client, bucket: str, key: str, file: BinaryIO, entry: Entry) -> None:
    if entry.size > artifacts.ONE_REQUEST:
        s3.upload_fileobj(
            file, bucket, key, {"ChecksumAlgorithm": "SHA256"}, Config=artifacts.parts()
        )
        _check_size(s3, bucket, key, entry.size)
        return
    checksum = base64.b64encode(bytes.fromhex(entry.sha256)).decode()
    s3.put_object(Bucket=bucket, Key=key, Body=file, ChecksumSHA256=checksum, IfNoneMatch=NEW)


def _check_size(s3: S3Client, bucket: str, key: str, size: int) -> None:
    held = s3.head_object(Bucket=bucket, Key=key)["ContentLength"]
    if held != size:
        raise MlflowOpsError(f"S3 has {held:,} bytes of {key}, and not {size:,}: try it again.")


def _settle(s3: S3Client, bucket: str, key: str, entry: Entry, error: sdk.ClientError) -> None:
    """Raise unless an object that was not to be written over is what it was to be.

    That is so where S3's answer to the first try was lost, and botocore has tried it again.
    """
    if code(error) not in TAKEN:
        raise error
    try:
        same = _held(s3, bucket, key) == entry
    except sdk.ClientError:
        raise _refused(bucket, [key]) from error
    if not same:
        raise _refused(bucket, [key]) from error


def _refused(bucket: str, keys: list[str]) -> MlflowOpsError:
    """Return the error that says what would be written over."""
    more = f" and {len(keys) - 1:,} more" if keys[1:] else ""
    return MlflowOpsError(
        f"The bucket {bucket} has another {keys[0]}{more} than the export, which an import would "
        "write over for good, so nothing that was there is changed: import into a new stack "
        "(`mlflow-ops up` and `import`, with another --name), or go back in this one with "
        "`mlflow-ops restore`."
    )


def _never_over(s3: S3Client) -> None:
    """Let this client complete no upload in parts where there is an object already.

    Boto3's transfer does not hand that condition on.
    """
    s3.meta.events.register(
        "before-parameter-build.s3.CompleteMultipartUpload", _only_new, unique_id="mlflow-ops-new"
    )


def _only_new(params: dict[str, Any], **_: object) -> None:
    params.update(IfNoneMatch=NEW)


def _held(s3: S3Client, bucket: str, key: str) -> Entry:
    """Return what an object is: by the SHA-256 that S3 keeps of it whole, or by reading it."""
    told = s3.head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    checksum = told.get("ChecksumSHA256", "")
    if checksum and "-" not in checksum:  # that of parts ends with how many they are
        return Entry(base64.b64decode(checksum).hex(), told["ContentLength"])
    body: Any = s3.get_object(Bucket=bucket, Key=key)["Body"]
    return archive.entry(body)
