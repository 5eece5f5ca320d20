"""Export: all that a stack holds, as files that any MLflow server can be started on."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlflow_ops.backup import (
    archive,
    artifacts,
    layout,
    packing,
    uris,
)
from mlflow_ops.backup.archive import Archive, Entry
from mlflow_ops.errors import MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow_ops.backup.manifest import Manifest
    from mlflow_ops.backup.packing import Packing
    from mlflow_ops.stack import Stack

SPARE = 64 * archive.CHUNK  # what a disk should still have beside the export


@dataclass
class Export:
    """An export on its way: from a backup and the bucket's artifacts to where it is packed."""

    stack: Stack
    manifest: Manifest
    path: Path

    def write(self) -> Archive:
        """Write it, and return what it holds; after a failure nothing is there."""
        made = Archive(self.stack.names.stack, self.manifest.document)
        with packing.writing(self.path) as (pack, on_the_way):
            # Runs of the backup had their artifacts then: what came after is only more.
            objects = artifacts.listed(self.stack.aws.s3, self.stack.names.bucket)
            self._check_room(sum(each.size for each in objects))
            files = dict(self._databases(pack, on_the_way))
            total = len(objects)
            for key, path, entry in artifacts.fetched(
                self.stack.aws.s3, self.stack.names.bucket, objects, on_the_way
            ):
                pack.add(key, path)
                files[key] = entry
                self.stack.voice.show(f"{len(files):,} of {total + 2:,} files")
            made = replace(made, files=files)
            packing.seal(pack, on_the_way, made.text)
        return made

    def _databases(self, pack: Packing, on_the_way: Path) -> Iterator[tuple[str, Entry]]:
        """Pack each database of the backup, when it is what the backup's manifest says."""
        for name, expected in self.manifest.files.items():
            path = on_the_way / name
            self._fetch(name, path)
            if archive.entry_of(path) != Entry(expected.sha256, expected.size):
                raise MlflowOpsError(
                    f"The backup {self.manifest.name} is damaged: its {name} is not what its "
                    "manifest says. `mlflow-ops backups` lists the others."
                )
            if name == layout.MLFLOW_DB:
                uris.move(path, uris.direct(self.stack.names.bucket), uris.PROXIED)
            uris.standalone(path)
            entry = archive.entry_of(path)
            pack.add(name, path)
            yield name, entry

    def _fetch(self, name: str, path: Path) -> None:
        key = f"{layout.NAMED}/{self.manifest.name}/{name}.gz"
        body = self.stack.aws.s3.get_object(Bucket=self.stack.names.bucket, Key=key)["Body"]
        with (
            open(path, "wb", opener=archive.private) as file,
            contextlib.suppress(EOFError, gzip.BadGzipFile, zlib.error),  # then it is too short
            gzip.GzipFile(fileobj=body) as content,
        ):
            shutil.copyfileobj(content, file, archive.CHUNK)

    def _check_room(self, size: int) -> None:
        free = shutil.disk_usage(self.path.parent).free
        size += sum(each.size for each in self.manifest.files.values())
        if free < size + SPARE:
            raise MlflowOpsError(
                f"The export takes {size:,} bytes, and {self.path.parent} has {free:,} left: make "
                "room, or export to another disk."
            )
