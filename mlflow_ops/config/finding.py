"""Which file of options is in force: the one that is named, else the nearest one above."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_ops.config.reading import OWN, PYPROJECT, Table, WrongFile, mentions_us, read

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "MLFLOW_OPS_CONFIG"


def found(named: str | None, user: int | None = None) -> Table | None:
    """Return what the named file says, else the nearest one, or None where there is none.

    `user` is whose file may be found, this process's own if None. Raises WrongFile for one that
    cannot be read, or that somebody else has put in our way.
    """
    if named:
        return read(Path(named))
    for folder in _upwards():
        for path in (folder / OWN, folder / PYPROJECT):
            if table := _said(path, os.getuid() if user is None else user):
                return table
    return None


def _upwards() -> Iterator[Path]:
    """Yield the working folder and those above it, up to a repository's root or the home folder."""
    try:
        start = Path.cwd()
    except FileNotFoundError:  # it was removed under us
        return
    ends = {os.path.expanduser("~"), "/"}  # noqa: PTH111 - Path's own raises where there is no home
    for folder in (start, *start.parents):
        if not os.access(folder, os.R_OK | os.X_OK):
            return
        yield folder
        if str(folder) in ends or (folder / ".git").exists():
            return


def _said(path: Path, user: int) -> Table | None:
    """Return what this file says to the user, if there is one that has something to say to us."""
    try:
        # Whose link it is counts too: it decides which of the user's own files is taken.
        owners = {path.lstat().st_uid, path.stat().st_uid}
        if not path.is_file():
            return None
    except OSError:  # there is none, or a link to where this user may not look
        return None
    # Else anybody who may write to /tmp would decide for those who work below it whom `up` lets in.
    for owner in owners - {0, user}:
        if path.name == PYPROJECT and not mentions_us(path):
            return None
        raise WrongFile(
            f"{path} belongs to another user (uid {owner}): say --config {path} to take its "
            f"options all the same, or {NAME}=/dev/null to take none."
        )
    return read(path, optional=True)
