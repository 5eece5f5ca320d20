"""Local files that are private from the moment they exist."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from typing import TYPE_CHECKING, TextIO

from mlflow_ops.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL = {errno.ENOSPC, errno.EDQUOT}
LOCK_DEADLINE = 30.0  # who holds it only rewrites a small file


def private_folder(folder: Path) -> Path:
    """Make the folder, and what is above it, with mode 0700 where it is not there yet."""
    for missing in [p for p in (*reversed(folder.parents), folder) if not p.exists()]:
        missing.mkdir(mode=0o700, exist_ok=True)
    return folder


def text(path: Path) -> str:
    """Return what the file holds, or nothing when there is none."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def write_private(path: Path, text: str) -> None:
    """Replace the file in one move; it is born 0600, and a kill leaves the old one or the new."""
    private_folder(path.parent)
    replace(path, text.encode(), 0o600)


def check_writable(path: Path) -> None:
    """Raise OSError where `write_private` could not put a file at this path."""
    private_folder(path.parent)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    trial = temporary_of(path)
    trial.unlink(missing_ok=True)
    os.close(os.open(trial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    trial.unlink()


def remove_empty(folder: Path, home: Path) -> None:
    """Remove the folder if it is empty, then those above it that are, up to and with `home`."""
    inside = [each for each in (folder, *folder.parents) if each.is_relative_to(home)]
    for each in inside:
        with contextlib.suppress(OSError):  # not empty, or not ours to remove
            each.rmdir()


def append_private(path: Path) -> TextIO:
    """Open the file for writing at its end; it is born 0600."""
    private_folder(path.parent)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return os.fdopen(descriptor, "a", encoding="utf-8", buffering=1)


def replace(path: Path, content: bytes, mode: int) -> None:
    """Put content at path in one move with this mode, following a link to its target.

    The temporary file always has the same name, so that one left by a kill is overwritten: two
    processes that may replace one file want a lock, such as `alone_in`.
    """
    path = path.resolve()
    temporary = temporary_of(path)
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.chmod(mode)
    temporary.replace(path)


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep every other process waiting that wants to be alone in this folder.

    The lock is on the folder itself, so that it leaves no trace and a kill frees it. Raises
    TimedOut after 30 s.
    """
    what = f"another command that writes in {folder}"
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        until(what, lambda: _locked(descriptor), deadline=LOCK_DEADLINE, pause=0.01, longest=0.1)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    return False


def temporary_of(path: Path) -> Path:
    """Return where `replace` writes before it moves."""
    return path.with_name(f".{path.name}.mlflow-ops")
