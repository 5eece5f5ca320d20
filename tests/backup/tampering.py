"""What somebody who may write to the bucket could do to a backup there."""

from __future__ import annotations

import gzip
import hashlib
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import places

if TYPE_CHECKING:
    from mlflow_ops.backup.keeper.bucket import Bucket

NAME = "manual-1"
KEY = f"{layout.NAMED}/{NAME}"
# What somebody does to the bucket, given the manifest.
Tampering = Callable[["Bucket", dict[str, Any]], None]


def put(bucket: Bucket, file: str, body: bytes) -> None:
    bucket.s3.put_object(Bucket=bucket.name, Key=f"{KEY}/{file}", Body=body)


def get(bucket: Bucket, file: str) -> bytes:
    body = bucket.s3.get_object(Bucket=bucket.name, Key=f"{KEY}/{file}")["Body"]
    return bytes(body.read())


def truncated(bucket: Bucket, _: dict[str, Any]) -> None:
    put(bucket, "mlflow.db.gz", get(bucket, "mlflow.db.gz")[:-100])


def emptied(bucket: Bucket, _: dict[str, Any]) -> None:
    put(bucket, "mlflow.db.gz", b"")


def exchanged(bucket: Bucket, _: dict[str, Any]) -> None:
    put(bucket, "mlflow.db.gz", get(bucket, "basic_auth.db.gz"))


def bombed(bucket: Bucket, _: dict[str, Any]) -> None:
    put(bucket, "mlflow.db.gz", gzip.compress(bytes(50_000_000)))


def gone(bucket: Bucket, _: dict[str, Any]) -> None:
    bucket.remove([f"{KEY}/mlflow.db.gz"])


def consistent(bucket: Bucket, manifest: dict[str, Any], content: bytes) -> None:
    """Put another database there, with a manifest that agrees."""
    told = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    manifest["files"][layout.MLFLOW_DB] = told
    put(bucket, "mlflow.db.gz", gzip.compress(content))
    put(bucket, layout.MANIFEST, json.dumps(manifest).encode())


def damaged(bucket: Bucket, manifest: dict[str, Any]) -> None:
    whole = bytearray(gzip.decompress(get(bucket, "mlflow.db.gz")))
    whole[4096:8192] = b"\xa5" * 4096
    consistent(bucket, manifest, bytes(whole))


def somebody_elses(bucket: Bucket, manifest: dict[str, Any]) -> None:
    path = places.home() / "other.db"
    with closing(sqlite3.connect(path)) as other:
        other.executescript("CREATE TABLE runs (a); CREATE TABLE experiments (a);")
    consistent(bucket, manifest, path.read_bytes())


def miscounted(bucket: Bucket, manifest: dict[str, Any]) -> None:
    manifest["counts"]["runs"] += 1
    put(bucket, layout.MANIFEST, json.dumps(manifest).encode())


def huge(bucket: Bucket, manifest: dict[str, Any]) -> None:
    manifest["files"][layout.MLFLOW_DB]["size"] = 1 << 60
    put(bucket, layout.MANIFEST, json.dumps(manifest).encode())


def escaping(bucket: Bucket, manifest: dict[str, Any]) -> None:
    manifest["files"]["../data/mlflow.db"] = manifest["files"][layout.MLFLOW_DB]
    put(bucket, layout.MANIFEST, json.dumps(manifest).encode())


def renamed(bucket: Bucket, manifest: dict[str, Any]) -> None:
    put(bucket, layout.MANIFEST, json.dumps(manifest | {"name": "another"}).encode())


def deep(bucket: Bucket, _: dict[str, Any]) -> None:
    put(bucket, layout.MANIFEST, b"[" * 60_000)


def without_files(bucket: Bucket, manifest: dict[str, Any]) -> None:
    put(bucket, layout.MANIFEST, json.dumps(manifest | {"files": {}}).encode())
