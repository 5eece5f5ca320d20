"""Import: an export's artifacts and databases, on their way into a stack's bucket.

The artifacts go first, and the databases become a named backup, with its manifest last: until that
is restored, the stack holds what it held. Whatever fails before leaves only objects that no run
knows, and the same import again goes on from there. No object is ever written over.
"""

from __future__ import annotations

import gzip
import json
import shutil
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mlflow_ops.at_once import at_once
from mlflow_ops.backup import archive, artifacts, layout, leaving, putting, sources, uris
from mlflow_ops.backup.manifest import File, Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow_ops.backup import unpacking
    from mlflow_ops.backup.archive import Archive
    from mlflow_ops.stack import Stack

LEVEL = 6  # of gzip
ALLOWS = artifacts.ALLOWS["import"]


@dataclass
class Import:
    """An export on its way into a stack; `said` is its manifest, against which it was checked.

    What a tar file holds passes through `folder`. Artifacts that are `there` are not sent again.
    """

    stack: Stack
    source: unpacking.Source
    said: Archive
    folder: Path
    there: set[str] = field(default_factory=set)

    def send(self) -> sources.Source:
        """Put all of it into the bucket, and return the backup that is to be restored.

        Raises MlflowOpsError when the export is not any more what it was when it was checked, and,
        with nothing changed, when the bucket has other artifacts under the names of these.
        """
        s3, total = self.stack.aws.s3, len(self.said.artifacts)
        self.there = putting.there(s3, self.stack.names.bucket, self.said.artifacts)
        for done, _ in enumerate(at_once(self._put, self._artifacts(), artifacts.WORKERS), 1):
            self.stack.check_hold()
            self.stack.voice.show(f"{done:,} of {total:,} artifacts")
        manifest = self._backup()
        return sources.Source("named", manifest.name, manifest.taken, manifest)

    def _artifacts(self) -> Iterator[tuple[str, Path]]:
        """Yield the artifacts with the files that they are in; keep the databases for later."""
        for name, path in self.source.files(self.folder, self.said.files.keys() - self.there):
            if name not in layout.DATABASES:
                yield name, path
                continue
            shutil.copyfile(path, self.folder / name)
            (self.folder / name).chmod(0o600)
            self._done_with(path)
            if archive.entry_of(self.folder / name) != self.said.files[name]:
                raise archive.damaged(self.source.where, f"{name!r} has changed just now")

    def _put(self, one: tuple[str, Path]) -> None:
        name, path = one
        s3, bucket = self.stack.aws.s3, self.stack.names.bucket
        putting.put(s3, bucket, name, path, self.said.files[name])
        self._done_with(path)

    def _done_with(self, path: Path) -> None:
        if path.parent == self.folder:
            path.unlink()

    def _backup(self) -> Manifest:
        """Make a named backup of the databases, fitted to this stack; its manifest goes last."""
        if self.stack.shape.artifacts == "direct":
            mine = uris.direct(self.stack.names.bucket)
            uris.move(self.folder / layout.MLFLOW_DB, uris.PROXIED, mine)
        name = leaving.named(self.stack, "imported")
        made = replace(
            Manifest.of(dict(self.said.backup)),
            name=name,
            kind="import",
            taken=self.stack.aws.now().replace(microsecond=0),
            bytes=sum(self._pack(name, each) for each in self.said.databases),
            files={each: _file(self.folder / each) for each in self.said.databases},
            damaged=False,
        )
        text = json.dumps(made.document, indent=1)
        self._send(f"{layout.NAMED}/{name}/{layout.MANIFEST}", text.encode())
        return made

    def _pack(self, name: str, database: str) -> int:
        """Send a database, compressed, and return how many bytes that takes."""
        packed = self.folder / f"{database}.gz"
        with (self.folder / database).open("rb") as whole, gzip.open(packed, "wb", LEVEL) as file:
            shutil.copyfileobj(whole, file, archive.CHUNK)
        entry = archive.entry_of(packed)
        key = f"{layout.NAMED}/{name}/{packed.name}"
        putting.put(self.stack.aws.s3, self.stack.names.bucket, key, packed, entry)
        return entry.size

    def _send(self, key: str, body: bytes) -> None:
        self.stack.aws.s3.put_object(
            Bucket=self.stack.names.bucket, Key=key, Body=body, ChecksumAlgorithm="SHA256"
        )


def _file(path: Path) -> File:
    return File(**vars(archive.entry_of(path)))
