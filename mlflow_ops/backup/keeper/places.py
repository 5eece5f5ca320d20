"""Where things lie on the host, and how they get to its disk for good."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper.plain import Failed as Failed  # noqa: PLC0414 - for who asks here
from mlflow_ops.backup.keeper.plain import is_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# https://www.sqlite.org/tempfiles.html: what belongs to a database and lies beside it.
BESIDE = ("-wal", "-shm", "-journal")
GONE = ".gone"
PATIENCE = 600.0  # seconds that another keeper, the daily one, say, may be at work


def home() -> Path:
    """Return the folder of the server and all that is around it."""
    return Path.home() / "mlflow"


def data() -> Path:
    """Return the folder of the databases in use."""
    return home() / "data"


def staged() -> Path:
    """Return the folder of databases that are fetched and checked, and not yet in place."""
    return home() / "staged"


def replaced() -> Path:
    """Return the folder of the databases that were in place before."""
    return home() / "replaced"


def databases(folder: Path) -> list[Path]:
    """Return the databases of ours that are in a folder; raise Failed for a link in their place."""
    found = [folder / name for name in layout.DATABASES if is_file(folder / name)]
    for each in found:
        beside(each)
    return found


def beside(database: Path) -> list[Path]:
    """Return the files of SQLite's that lie beside a database; raise Failed for a link there."""
    every = (database.with_name(f"{database.name}{end}") for end in BESIDE)
    return [each for each in every if is_file(each)]


def sync(*paths: Path) -> None:
    """Have files and folders on the disk for good before going on."""
    for path in paths:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write(path: Path, text: str) -> None:
    """Put text at path for good, in one move."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    sync(part)
    part.replace(path)
    sync(path.parent)


def remove(folder: Path) -> None:
    """Remove a folder, in a way that no kill leaves half of it under its name."""
    gone = folder.with_name(f"{folder.name}{GONE}")
    shutil.rmtree(gone, ignore_errors=True)
    if folder.exists():
        folder.replace(gone)
        sync(folder.parent)
        shutil.rmtree(gone, ignore_errors=True)


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """Give an empty private folder, on the disk of the databases, and remove it after."""
    folder = home() / name
    remove(folder)  # which a kill may have left
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        remove(folder)


def check_room(size: int, what: str) -> None:
    """Raise Failed when the disk has not that many bytes to spare."""
    free = shutil.disk_usage(home()).free
    if size > free:
        raise Failed(
            f"The host's disk is too full {what}: that takes {size / 2**10:,.0f} KiB, and "
            f"{free / 2**10:,.0f} KiB are free. Make room there, or take a larger disk."
        )


def sizes(paths: Iterable[Path]) -> int:
    """Return how many bytes files hold."""
    return sum(path.stat().st_size for path in paths)


@contextmanager
def alone(patience: float = PATIENCE) -> Iterator[None]:
    """Wait for another keeper at work on this host; a kill of it frees the way."""
    descriptor = os.open(home() / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
    end = time.monotonic() + patience
    try:
        while not _locked(descriptor):
            if time.monotonic() > end:
                raise Failed("Another backup is at work on the host: try again when it is done.")
            time.sleep(0.2)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
