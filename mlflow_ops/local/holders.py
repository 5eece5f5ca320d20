"""Who holds the lock on a file, as Linux tells it, for a server whose own note says nothing."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES = Path("/proc")
# It stands with each descriptor that the lock was taken by or passed on to, whoever took it:
# https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html
LOCKED = re.compile(r"^lock:.* FLOCK +ADVISORY +WRITE ", re.MULTILINE)


def groups(path: Path) -> set[int]:
    """Return the process groups, but our own, with the file's lock; none where nobody tells."""
    return {group for pid in _holders(path) if (group := _group(pid)) not in {0, 1, os.getpgrp()}}


def _holders(path: Path) -> Iterator[int]:
    for folder in PROCESSES.glob("[1-9]*"):
        with contextlib.suppress(OSError):  # another user's, or it has ended
            if any(_holds(folder, each.name, path) for each in (folder / "fd").iterdir()):
                yield int(folder.name)


def _holds(folder: Path, descriptor: str, path: Path) -> bool:
    with contextlib.suppress(OSError):
        if os.path.samestat((folder / "fd" / descriptor).stat(), path.stat()):
            return bool(LOCKED.search((folder / "fdinfo" / descriptor).read_text("utf-8")))
    return False


def _group(pid: int) -> int:
    with contextlib.suppress(ProcessLookupError):
        return os.getpgid(pid)
    return 0
