"""The backups in a stack's bucket, read as somebody would who has nothing but the bucket."""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_ops.backup import layout

from .cloud import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .operator import Operator

LITESTREAM = str(Path(sys.executable).with_name("litestream"))


@dataclass
class Shelf:
    """The one bucket of an operator's account."""

    operator: Operator
    s3: Any = field(init=False)
    bucket: str = field(init=False)
    _artifacts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.s3 = self.operator.cloud.strict.client("s3")
        [self.bucket] = [each["Name"] for each in self.s3.list_buckets()["Buckets"]]

    def artifact(self, path: str) -> str:
        """Return what an artifact holds, nothing when there is none."""
        if path not in self._artifacts:
            key = f"{layout.ARTIFACTS}/{path}"
            try:
                answer = self.s3.get_object(Bucket=self.bucket, Key=key)
            except self.s3.exceptions.NoSuchKey:
                return ""
            self._artifacts[path] = answer["Body"].read().decode()
        return self._artifacts[path]

    def unreadable(self, folder: Path) -> list[str]:
        """Return every database of every backup that cannot be read, or is not whole."""
        folder.mkdir()
        named = [
            place for place in self._places(layout.NAMED, ".gz") if not self._opens(place, folder)
        ]
        streams = self._places(layout.STREAM, ".ltx")
        return [*named, *(place for place in streams if not self._restores(place, folder))]

    def databases(self) -> list[str]:
        """Return where every database of every backup lies."""
        return [*self._places(layout.NAMED, ".gz"), *self._places(layout.STREAM, ".ltx")]

    def _places(self, below: str, ending: str) -> list[str]:
        """Return the place of each database: its object, or the folder of its stream."""
        keys = [key for key in self._keys(below) if key.endswith(ending)]
        depth = below.count("/") + 3
        return sorted({"/".join(key.split("/")[:depth]) for key in keys})

    def _keys(self, below: str) -> Iterator[str]:
        pages = self.s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self.bucket, Prefix=f"{below}/"):
            yield from (each["Key"] for each in page.get("Contents", []))

    def _opens(self, key: str, folder: Path) -> bool:
        packed = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        database = folder / key.replace("/", "_")
        database.write_bytes(gzip.decompress(packed))
        return _is_whole(database)

    def _restores(self, place: str, folder: Path) -> bool:
        database = folder / place.replace("/", "_")
        where = f"endpoint={self.operator.cloud.endpoint}&force-path-style=true&region={REGION}"
        ended = subprocess.run(
            [LITESTREAM, "restore", "-o", str(database), f"s3://{self.bucket}/{place}?{where}"],
            env={n: v for n, v in os.environ.items() if n != "AWS_CA_BUNDLE"}
            | self.operator.cloud.environment(),
            check=False,
        )
        return ended.returncode == 0 and _is_whole(database)


def _is_whole(database: Path) -> bool:
    try:
        with closing(sqlite3.connect(database)) as held:
            return bool(held.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
    except sqlite3.DatabaseError:
        return False
