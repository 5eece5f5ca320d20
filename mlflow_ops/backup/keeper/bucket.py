"""The stack's bucket, as the host sees it: what goes there is read back before it counts."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper.places import Failed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIECE = 1 << 20
MANIFEST_LIMIT = 64 << 10
BATCH = 1000
MISSING = {"404", "NoSuchKey", "NotFound"}


@dataclass(frozen=True)
class Bucket:
    """One stack's bucket; `endpoint` is an emulator's, or nothing.

    When `hurried`, somebody waits who would rather hear soon that it cannot be reached.
    """

    name: str
    region: str
    endpoint: str | None = None
    hurried: bool = False

    @cached_property
    def s3(self) -> Any:  # noqa: ANN401 - the host has no stubs of boto3
        """The client; boto3 takes a second to load on a small host, so only who asks pays."""
        import boto3  # noqa: PLC0415 - see above
        from botocore.config import Config  # noqa: PLC0415 - see above

        # An emulator has no DNS names for buckets.
        style = "path" if self.endpoint else "auto"
        retries: Any = {"mode": "standard", "max_attempts": 1 if self.hurried else 5}
        s3: Any = {"addressing_style": style}
        deadlines: Any = {"connect_timeout": 3, "read_timeout": 5} if self.hurried else {}
        config = Config(retries=retries, s3=s3, **deadlines)
        return boto3.client(
            "s3", region_name=self.region, endpoint_url=self.endpoint, config=config
        )

    def put(self, path: Path, key: str) -> None:
        """Upload a file, piece by piece; S3 compares the SHA-256 of each with what arrived."""
        from boto3.s3.transfer import TransferConfig  # noqa: PLC0415 - as the client

        # Few pieces at once: the host has 1 GiB for everything.
        config = TransferConfig(multipart_threshold=64 << 20, max_concurrency=2)
        checked = {"ChecksumAlgorithm": "SHA256"}
        self.s3.upload_file(str(path), self.name, key, ExtraArgs=checked, Config=config)

    def put_text(self, key: str, text: str) -> None:
        """Write an object of this text."""
        body = text.encode()
        self.s3.put_object(Bucket=self.name, Key=key, Body=body, ChecksumAlgorithm="SHA256")

    def unpacked(self, key: str, path: Path, expected: dict[str, Any]) -> None:
        """Fetch a compressed file; raise Failed unless it is of the SHA-256 and size expected."""
        from botocore.exceptions import FlexibleChecksumError  # noqa: PLC0415 - as the client

        found, size, body = hashlib.sha256(), 0, self._body(key)
        if body is None:
            raise Failed(f"The backup's {path.name} is not in the bucket: damaged.")
        try:
            with path.open("wb") as file:
                for piece in _pieces(body, expected["size"] + 1):
                    size += len(piece)
                    found.update(piece)
                    file.write(piece)
        except (EOFError, gzip.BadGzipFile, zlib.error, FlexibleChecksumError) as error:
            raise Failed(f"The backup's {path.name} is damaged in the bucket: {error}.") from error
        if (found.hexdigest(), size) != (expected["sha256"], expected["size"]):
            raise Failed(f"The backup's {path.name} is not what its manifest tells of: damaged.")

    def manifest(self, name: str) -> dict[str, Any] | None:
        """Return the manifest of a named backup, or nothing where there is no whole one."""
        body = self._body(f"{layout.NAMED}/{name}/{layout.MANIFEST}")
        return parsed(name, body.read(MANIFEST_LIMIT)) if body else None

    def has(self, key: str) -> bool:
        """Whether there is an object of this key."""
        return any(each["Key"] == key for each in self.listed(key))

    def _body(self, key: str) -> IO[bytes] | None:
        from botocore.exceptions import ClientError  # noqa: PLC0415 - as the client

        try:
            body: IO[bytes] = self.s3.get_object(Bucket=self.name, Key=key)["Body"]
        except ClientError as error:
            if error.response["Error"]["Code"] in MISSING:
                return None
            raise
        return body

    def listed(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Yield what the bucket says of each object below a prefix."""
        pages = self.s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.name, Prefix=prefix):
            yield from page.get("Contents", ())

    def remove(self, keys: list[str]) -> None:
        """Delete objects; raise Failed for those that S3 keeps."""
        for at in range(0, len(keys), BATCH):
            objects = [{"Key": key} for key in keys[at : at + BATCH]]
            wish = {"Objects": objects, "Quiet": True}
            for error in self.s3.delete_objects(Bucket=self.name, Delete=wish).get("Errors", ()):
                raise Failed(f"S3 does not delete {error['Key']}: {error['Code']}.")


def parsed(name: str, text: bytes) -> dict[str, Any]:
    """Return a manifest with all that fetching needs; raise Failed for one that has it not."""
    try:
        found = json.loads(text)
        files = found["files"]
        right = all(
            each in layout.DATABASES and int(files[each]["size"]) >= 0 and files[each]["sha256"]
            for each in files
            if not found["damaged"]
        )
        if right and found["name"] == name:
            return dict(found)
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    raise Failed(f"The manifest of the backup {name!r} cannot be read: it is damaged.")


def _pieces(compressed: IO[bytes], limit: int) -> Iterator[bytes]:
    """Yield what a compressed file holds, and not more than the limit, whatever it claims."""
    with gzip.GzipFile(fileobj=compressed) as file:
        while limit > 0 and (piece := file.read(min(PIECE, limit))):
            limit -= len(piece)
            yield piece
