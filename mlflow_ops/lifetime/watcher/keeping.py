"""The small files that the watcher keeps: they may be gone, cut off, or anybody's."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The year 9999, in seconds.
LATEST = 253_000_000_000


def number(value: object) -> float | None:
    """Return what can be a moment or a length in seconds; None for anything else."""
    return value if isinstance(value, (int, float)) and 0 < value < LATEST else None


def read(file: Path) -> dict[str, Any]:
    """Return what a file holds; nothing for one that is not there, or is damaged."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def write(file: Path, content: object) -> None:
    """Replace a file in one move that a power cut does not undo."""
    file.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    with part.open("w", encoding="utf-8") as new:
        json.dump(content, new)
        new.flush()
        os.fsync(new.fileno())
    part.replace(file)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Have one command at a time; a folder that takes no file keeps no limit from its end."""
    with ExitStack() as held:
        with suppress(OSError):
            folder.mkdir(mode=0o755, parents=True, exist_ok=True)
            lock = held.enter_context((folder / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
