"""Writing an export to a folder or a tar file, so that nothing half written looks like one."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mlflow_ops import files
from mlflow_ops.backup.layout import MANIFEST
from mlflow_ops.errors import BadOption, MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODES = {".tar": "w", ".tar.gz": "w:gz", ".tgz": "w:gz"}


class Packing(Protocol):
    """Where the files of an export go."""

    def add(self, name: str, path: Path) -> None:
        """Take over the file at this path under a name of the export's."""


@dataclass
class Folder:
    """An export as a folder."""

    root: Path

    def add(self, name: str, path: Path) -> None:
        """Move the file in; raise MlflowOpsError where the disk has no place for its name."""
        target = self.root / name
        try:
            files.private_folder(target.parent)
            if target.exists():  # perhaps on a disk that does not tell A from a
                raise FileExistsError(errno.EEXIST, "one of the same name is there")
            path.chmod(0o600)
            path.rename(target)
        except OSError as error:
            if error.errno in files.FULL:
                raise
            raise MlflowOpsError(
                f"The object {name!r} in the bucket cannot be a file here beside the others "
                f"({error.strerror}): export to a .tar file."
            ) from error


@dataclass
class Tar:
    """An export as a tar file, all in one folder of its name."""

    file: tarfile.TarFile
    root: str

    def add(self, name: str, path: Path) -> None:
        """Write the file at the end of the tar, and remove it."""
        info = tarfile.TarInfo(f"{self.root}/{name}")
        info.mode, info.size, info.mtime = 0o600, path.stat().st_size, int(path.stat().st_mtime)
        with path.open("rb") as content:
            self.file.addfile(info, content)
        path.unlink()


def suffix(path: Path) -> str:
    """Return how the name of a tar file ends, or nothing for a folder's."""
    return next((end for end in MODES if path.name.lower().endswith(end)), "")


def check_free(path: Path) -> None:
    """Raise BadOption when something is at the path already that an export would replace."""
    if not path.parent.is_dir():
        raise BadOption(f"There is no folder {path.parent} to export to: make it first.")
    if path.is_dir() and not suffix(path) and not any(path.iterdir()):
        return
    if path.exists() or path.is_symlink():
        raise BadOption(f"{path} is there already: export to a path where nothing is yet.")


@contextlib.contextmanager
def writing(path: Path) -> Iterator[tuple[Packing, Path]]:
    """Give where to pack, and a folder for what is on the way there; all goes to `path` at the end.

    Until then it is in a hidden folder beside it, on the same disk, and after a failure nowhere.
    What a kill has left there goes when the export is made again.
    """
    check_free(path)
    part = path.with_name(f".{path.name}.mlflow-ops-export")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(mode=0o700)
        (part / "on-the-way").mkdir(mode=0o700)
        with _packing(part / "whole", path) as packing:
            yield packing, part / "on-the-way"
        (part / "whole").rename(path)
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def _packing(whole: Path, path: Path) -> Iterator[Packing]:
    end = suffix(path)
    if not end:
        whole.mkdir(mode=0o700)
        yield Folder(whole)
        return
    descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode=MODES[end]) as tar:  # type: ignore[call-overload]  # one of the modes above
            yield Tar(tar, path.name[: -len(end)] or "export")
        file.flush()
        os.fsync(file.fileno())


def seal(packing: Packing, on_the_way: Path, manifest: str) -> None:
    """Put the manifest in, which is the last file of an export."""
    path = on_the_way / MANIFEST
    files.write_private(path, manifest)
    packing.add(MANIFEST, path)
