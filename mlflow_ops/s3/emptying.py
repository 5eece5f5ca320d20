"""Emptying an S3 bucket of every version, delete marker and unfinished upload."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.at_once import at_once
from mlflow_ops.aws import code
from mlflow_ops.errors import AwsRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from types_boto3_s3 import S3Client

BATCH = 1000  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
# AWS lists 1,000 at a time whatever is asked for. An emulator that copies the whole bucket for
# each answer, as moto does, is asked once.
PAGE = 100_000
# What S3 says of single objects, inside a 200 answer, while it is only busy:
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
BUSY = {"InternalError", "OperationAborted", "RequestTimeout", "ServiceUnavailable", "SlowDown"}
SWEEPS = 100  # then S3 gets a pause, and does not get it for ever
GONE = {"NoSuchKey", "NoSuchVersion"}

Key = tuple[str, str]


def pages(s3: S3Client, name: str, prefix: str = "") -> Iterator[Any]:
    """Yield what the bucket holds, page by page: `Versions` and `DeleteMarkers`."""
    paginator = s3.get_paginator("list_object_versions")
    size: Any = {"PageSize": PAGE}
    yield from paginator.paginate(Bucket=name, Prefix=prefix, PaginationConfig=size)


@dataclass
class Emptying:
    """The emptying of one bucket: how far it is, and by key and version what S3 will not delete."""

    s3: S3Client
    name: str
    show: Callable[[str], None]
    deleted: int = 0
    found: int = 0
    all_found: bool = False
    refused: dict[Key, str] = field(default_factory=dict)

    def run(self) -> bool:
        """Delete all there is; return False when some of it is still there, so that time may help.

        Lists from the start until nothing comes: what arrives meanwhile is not on later pages.
        Raises AwsRefused when all is gone but what S3 will not delete.
        """
        for _ in range(SWEEPS):
            before = self.deleted
            self._sweep()
            if not self.found:
                return self._finish()
            if self.deleted == before:
                break
        return False

    def _finish(self) -> bool:
        for _ in at_once(self._abort, self._uploads()):
            pass
        if self.refused:
            raise AwsRefused(self._refusal())
        return True

    def _sweep(self) -> None:
        """Delete what one listing finds, while it goes on."""
        self.found, self.all_found, before = 0, False, self.deleted
        for deleted, kept in at_once(self._delete, self._batches()):
            self.deleted += deleted
            self.refused |= {key: error for key, error in kept.items() if error not in BUSY}
            more = "" if self.all_found else " or more"
            self.show(f"{self.deleted:,} of {before + self.found:,}{more} objects deleted")

    def _batches(self) -> Iterator[list[Key]]:
        for page in pages(self.s3, self.name):
            listed = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            keys = [(one["Key"], one["VersionId"]) for one in listed]
            keys = [key for key in keys if key not in self.refused]
            self.found += len(keys)
            yield from (keys[at : at + BATCH] for at in range(0, len(keys), BATCH))
        self.all_found = True

    def _delete(self, keys: list[Key]) -> tuple[int, dict[Key, str]]:
        """Return how many are gone, and the error code of each that is not."""
        objects: Any = [{"Key": key, "VersionId": version} for key, version in keys]
        wish: Any = {"Objects": objects, "Quiet": True}
        try:
            errors = self.s3.delete_objects(Bucket=self.name, Delete=wish).get("Errors", [])
        except sdk.ClientError as error:
            if code(error) not in BUSY:
                raise
            return 0, dict.fromkeys(keys, code(error))
        kept = _kept(keys, errors) if errors else {}
        return len(keys) - len(kept), kept

    def _uploads(self) -> Iterator[Any]:
        for page in self.s3.get_paginator("list_multipart_uploads").paginate(Bucket=self.name):
            yield from page.get("Uploads", [])

    def _abort(self, upload: Any) -> None:  # noqa: ANN401 - AWS's own description
        try:
            self.s3.abort_multipart_upload(
                Bucket=self.name, Key=upload["Key"], UploadId=upload["UploadId"]
            )
        except sdk.ClientError as error:
            if code(error) != "NoSuchUpload":
                raise

    def _refusal(self) -> str:
        (key, version), error = next(iter(self.refused.items()))
        return (
            f"S3 keeps {len(self.refused):,} of the objects in bucket {self.name}, and the rest "
            f"is gone. The first is {key!r} (version {version}): {error}. Look for a bucket policy "
            "or an object lock that forbids it, then run `mlflow-ops down` again."
        )


def _kept(keys: list[Key], errors: Any) -> dict[Key, str]:  # noqa: ANN401 - AWS's own descriptions
    """Return the error code of each key that is still there; no version means all its versions."""
    codes = {(e["Key"], e.get("VersionId")): e["Code"] for e in errors if e["Code"] not in GONE}
    found = {key: codes.get(key) or codes.get((key[0], None)) for key in keys}
    return {key: error for key, error in found.items() if error}
