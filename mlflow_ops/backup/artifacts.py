"""The artifacts' way from a bucket to files, a few at once and in little memory.

An ETag says whether an object is still the same one; what is in it only its own SHA-256 does:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.at_once import at_once
from mlflow_ops.aws import code
from mlflow_ops.backup import archive
from mlflow_ops.backup.archive import CHUNK, Entry
from mlflow_ops.backup.layout import ARTIFACTS
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.iam.scopes import BACKUPS, BUCKET, OBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from boto3.s3.transfer import TransferConfig
    from types_boto3_s3 import S3Client

    from mlflow_ops.iam.scopes import Allows

WORKERS = 8
# Up to here an object goes in one request; a bigger one in parts of that size, two at once: with
# boto3's own choice of ten, and what it has read ahead, all workers would take gigabytes.
ONE_REQUEST = 8 * CHUNK
TRIES = 5
PAGE = 100_000  # of which AWS gives 1,000; see `s3.emptying`
ALLOWS: Allows = {
    "export": (
        *BUCKET.allow("s3", "ListBucket GetBucketTagging"),
        *OBJECTS.allow("s3", "GetObject"),
        *BACKUPS.allow("s3", "DeleteObject"),
    ),
    "import": (
        *BUCKET.allow("s3", "ListBucket"),
        *OBJECTS.allow("s3", "GetObject PutObject AbortMultipartUpload"),
        *BACKUPS.allow("s3", "DeleteObject"),
    ),
}


@dataclass(frozen=True)
class Object:
    """An object in the bucket, as it was listed; its size is in bytes."""

    key: str
    size: int


def listed(s3: S3Client, bucket: str) -> list[Object]:
    """Return the artifacts in the bucket; raise MlflowOpsError for one that can be no file.

    A key that ends with a slash, and has nothing in it, stands for a folder in AWS's console.
    """
    found = [
        Object(each["Key"], each["Size"])
        for page in s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"{ARTIFACTS}/", PaginationConfig={"PageSize": PAGE}
        )
        for each in page.get("Contents", [])
        if each["Size"] or not each["Key"].endswith("/")
    ]
    if odd := [each.key for each in found if not archive.is_good(each.key)]:
        raise MlflowOpsError(
            f"{len(odd):,} objects in bucket {bucket} have keys that can be no file's name, the "
            f"first is {odd[0]!r}: no MLflow has made them. Move them, and export again."
        )
    return found


def fetched(
    s3: S3Client, bucket: str, objects: Iterable[Object], folder: Path
) -> Iterator[tuple[str, Path, Entry]]:
    """Yield each object's key, its file in the folder, and what is in it, in any order.

    One that is gone since it was listed is left out.
    """
    work = partial(_fetched, s3, bucket, folder)
    for got in at_once(work, zip(itertools.count(), objects), WORKERS):
        if got:
            yield got


def _fetched(
    s3: S3Client, bucket: str, folder: Path, numbered: tuple[int, Object]
) -> tuple[str, Path, Entry] | None:
    number, wanted = numbered
    path = folder / f"object-{number}"
    get = _in_parts if wanted.size > ONE_REQUEST else _at_a_go
    try:
        entry = _again(lambda: get(s3, bucket, wanted.key, path))
    except sdk.ClientError as error:
        if code(error) not in {"NoSuchKey", "404"}:
            raise
        return None
    return wanted.key, path, entry


def parts() -> TransferConfig:
    """Return how boto3 is to move what is bigger than one request."""
    from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - with boto3, which takes 0.4 s

    return TransferConfig(ONE_REQUEST, max_concurrency=2, max_io_queue=32)


def _at_a_go(s3: S3Client, bucket: str, key: str, path: Path) -> Entry:
    answer = s3.get_object(Bucket=bucket, Key=key)
    with open(path, "wb", opener=archive.private) as file:
        # Botocore ends it with an error when bytes are missing, or not those of its checksum.
        pieces: Any = answer["Body"]
        return archive.entry(pieces, file.write)


def _in_parts(s3: S3Client, bucket: str, key: str, path: Path) -> Entry:
    with open(path, "wb", opener=archive.private) as file:
        s3.download_fileobj(bucket, key, file, Config=parts())
    return archive.entry_of(path)


def _again(get: Callable[[], Entry]) -> Entry:
    """Begin again where a connection broke in the middle of an answer, which botocore does not."""
    for _ in range(TRIES - 1):
        try:
            return get()
        except (sdk.HTTPClientError, sdk.IncompleteReadError, sdk.FlexibleChecksumError):
            continue
    return get()
