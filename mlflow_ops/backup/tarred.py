"""An export as a tar file: read member by member, and none is written where its name says."""

from __future__ import annotations

import gzip
import tarfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from mlflow_ops.backup import archive
from mlflow_ops.backup.layout import ARTIFACTS, DATABASES, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlflow_ops.backup.archive import Archive, Entry

GZIP = b"\x1f\x8b"
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE)
TOPS = {MANIFEST, ARTIFACTS, *DATABASES}


@dataclass
class Tar:
    """An export as a tar file, compressed or not."""

    where: Path

    def checked(self) -> Archive:
        """Read every file, writing none."""
        found: dict[str, Entry] = {}
        said = None
        with self._reading() as tar:
            for name, content in _members(tar, self.where):
                if name in found or (name == MANIFEST and said):
                    raise archive.damaged(self.where, f"it has {name!r} twice")
                if name == MANIFEST:
                    said = archive.read(content, self.where)
                else:
                    found[name] = archive.entry(content)
        if said is None:
            raise archive.damaged(self.where, f"it has no {MANIFEST}")
        said.check(found, self.where)
        return said

    def files(self, folder: Path, names: set[str]) -> Iterator[tuple[str, Path]]:
        """Write one file after the other into the folder, under numbers, and yield each."""
        with self._reading() as tar:
            for number, (name, content) in enumerate(_members(tar, self.where)):
                if name in names:
                    path = folder / str(number)
                    with open(path, "xb", opener=archive.private) as file:
                        archive.entry(content, file.write)
                    yield name, path

    @contextmanager
    def _reading(self) -> Iterator[tarfile.TarFile]:
        try:
            with tarfile.open(self.where, f"r:{self._compression()}") as tar:  # type: ignore[call-overload]  # one of two modes
                yield tar
        except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, ValueError) as error:
            raise archive.damaged(self.where, "it cannot be read to its end") from error

    def _compression(self) -> str:
        with self.where.open("rb") as file:
            return "gz" if file.read(2) == GZIP else ""


def _members(tar: tarfile.TarFile, where: Path) -> Iterator[tuple[str, BinaryIO]]:
    """Yield the files of a tar under their names in the export: what is in its one folder."""
    root: str | None = None
    while member := tar.next():
        tar.members = []  # type: ignore[attr-defined]  # where it would keep all of them
        path = member.name.removeprefix("./")
        if member.isdir():
            continue
        if member.type not in PLAIN:
            raise archive.damaged(where, f"{path!r} is neither file nor folder")
        if root is None:
            root = _root(path)
        name = path.removeprefix(root)
        if name != MANIFEST:
            archive.check_name(name, where)
        yield name, cast("BinaryIO", tar.extractfile(member))


def _root(path: str) -> str:
    """Return the folder that the export is in, by the path of its first file."""
    top = path.partition("/")[0]
    return "" if top in {*TOPS, "", ".", ".."} else f"{top}/"
