"""Reading an export, every byte of which may be somebody else's."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mlflow_ops.at_once import at_once
from mlflow_ops.backup import archive
from mlflow_ops.backup.layout import MANIFEST
from mlflow_ops.backup.tarred import Tar
from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.backup.archive import Archive


class Source(Protocol):
    """An export that can be read more than once."""

    where: Path

    def checked(self) -> Archive:
        """Return its manifest when all is as that says; raise MlflowOpsError otherwise."""

    def files(self, folder: Path, names: set[str]) -> Iterator[tuple[str, Path]]:
        """Yield the files of these names; one that had to be written is in this folder."""


def opened(path: Path) -> Source:
    """Return the export at this path; raise BadOption when there is nothing."""
    if path.is_dir():
        return Folder(path)
    if path.is_file():
        return Tar(path)
    raise BadOption(f"There is no export at {path}.")


@dataclass
class Folder:
    """An export as a folder."""

    where: Path

    def checked(self) -> Archive:
        """Read every file, a few at once."""
        paths = dict(self._listed())
        if MANIFEST not in paths:
            raise archive.damaged(self.where, f"it has no {MANIFEST}")
        with paths.pop(MANIFEST).open("rb") as file:
            said = archive.read(file, self.where)
        found = dict(at_once(lambda one: (one[0], archive.entry_of(one[1])), paths.items()))
        said.check(found, self.where)
        return said

    def files(self, folder: Path, names: set[str]) -> Iterator[tuple[str, Path]]:  # noqa: ARG002 - they have a place
        """Yield the files where they are."""
        yield from ((name, self.where / name) for name in sorted(names))

    def _listed(self) -> Iterator[tuple[str, Path]]:
        for root, folders, names in os.walk(self.where):
            for each in (*folders, *names):
                path = Path(root, each)
                name = path.relative_to(self.where).as_posix()
                kind = path.lstat().st_mode
                if stat.S_ISREG(kind):
                    if name != MANIFEST:
                        archive.check_name(name, self.where)
                    yield name, path
                elif not stat.S_ISDIR(kind):
                    raise archive.damaged(self.where, f"{name!r} is neither file nor folder")
