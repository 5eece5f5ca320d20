"""The lock on a stack among this machine's commands: a file that the kernel frees after a kill."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mlflow_ops import files
from mlflow_ops.errors import Locked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Note:
    """What the file says: who is at work since when, and every token it or the dead gave AWS."""

    who: str
    since: str
    tokens: tuple[str, ...]


@dataclass(frozen=True)
class Held:
    """A file that is held; `tokens` are the dead holders' and, last, the present one's."""

    path: Path
    descriptor: int
    tokens: tuple[str, ...]

    def clear(self) -> None:
        """Remove the file, once none of its tokens is known to AWS any more."""
        if _is_at(self.path, self.descriptor):
            self.path.unlink()


@contextlib.contextmanager
def held(path: Path, note: Note, home: Path) -> Iterator[Held]:
    """Hold the file while the context lasts, adding the note's tokens to those of dead holders.

    Raises Locked, naming the holder, while another command of this machine holds it.
    """
    descriptor = _opened(path)
    try:
        before = _read(descriptor)
        tokens = (*(before.tokens if before else ()), *note.tokens)
        _write(descriptor, Note(note.who, note.since, tokens))
        yield Held(path, descriptor, tokens)
    finally:
        os.close(descriptor)
        files.remove_empty(path.parent, home)


def _opened(path: Path) -> int:
    """Return the open file with the lock on it; raise Locked when it is not to be had."""
    while True:
        files.private_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _read(descriptor)
            os.close(descriptor)
            raise _busy(holder) from error
        if _is_at(path, descriptor):
            return descriptor
        os.close(descriptor)  # the holder before us removed the file that we had opened


def _is_at(path: Path, descriptor: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _busy(holder: Note | None) -> Locked:
    who = f"{holder.who}, since {holder.since}" if holder else "another command"
    return Locked(
        f"The stack is in use on this machine by {who}: wait until it is done, then run the same "
        "command again."
    )


def _read(descriptor: int) -> Note | None:
    try:
        found = json.loads(os.pread(descriptor, os.fstat(descriptor).st_size, 0))
        return Note(str(found["who"]), str(found["since"]), tuple(map(str, found["tokens"])))
    except (ValueError, TypeError, KeyError):  # new, or cut short by a crash
        return None


def _write(descriptor: int, note: Note) -> None:
    content = json.dumps(asdict(note)).encode()
    os.pwrite(descriptor, content, 0)
    os.ftruncate(descriptor, len(content))
    os.fsync(descriptor)
