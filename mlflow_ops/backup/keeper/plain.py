"""Files of the server's folder, which it can make into links to what it cannot see itself."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NO_FILE = (
    "The server's {} is a link or a folder and no file, which MLflow does not make: somebody else "
    "may have had the server. Look at `mlflow/data` on the host, remove it, and try again."
)


class Failed(Exception):
    """One sentence for the user: what went wrong on the host, and what to do next."""


def is_file(path: Path) -> bool:
    """Whether a file is there; raise Failed for what is there and is none.

    Whoever has taken the server over may plant links in its folder, to what only we can read.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(mode):
        raise Failed(NO_FILE.format(path.name))
    return True


def copy_file(path: Path, target: Path) -> None:
    """Copy a file byte by byte; raise Failed when it has become a link meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Failed(NO_FILE.format(path.name)) from error
        raise
    with os.fdopen(descriptor, "rb") as old:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Failed(NO_FILE.format(path.name))
        with target.open("wb") as new:
            shutil.copyfileobj(old, new)
