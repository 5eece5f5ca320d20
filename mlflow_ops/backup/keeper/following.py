"""How far the continuous backup is behind: told by the files that Litestream leaves, never by it.

Its own `sync` gives up the read lock that it follows the database by, when that has to begin or to
checkpoint within the request, as 0.5.17 does; all that is written later would be lost in pieces.
https://www.sqlite.org/walformat.html and https://github.com/superfly/ltx say what the files hold.
"""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, Any

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import places, streaming

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlflow_ops.backup.keeper.bucket import Bucket

PAUSE = 0.1
Salts = tuple[int, int]
WAL_HEADER, FRAME_HEADER = struct.Struct(">8xI4xII8x"), struct.Struct(">4xIII8x")
PIECE_HEADER = struct.Struct(">4s28xq8xqqII8x")
MAGIC = b"LTX1"
LEVEL = "0000"


@dataclass(frozen=True)
class Piece:
    """A piece of a stream: the WAL up to `end`, in the run of it that has these salts.

    `made` is in seconds since 1970.
    """

    name: str
    made: float
    end: int
    salts: Salts


def sync(bucket: Bucket, timeout: float = 5.0) -> dict[str, Any]:
    """Wait until all that is committed is in the bucket; return `behind` and `why` it is not.

    `behind` is in seconds, null when nothing tells it. Waits for no more seconds than the timeout.
    """
    end, waiting = time.monotonic() + timeout, places.databases(places.data())
    bucket = replace(bucket, hurried=True)
    told: dict[str, Any] = {"behind": 0.0, "why": ""}
    while waiting:
        found = {path: _state(bucket, path) for path in waiting}
        waiting = [path for path in waiting if found[path]["why"]]
        told = next((found[path] for path in waiting), told | {"behind": 0.0, "why": ""})
        if time.monotonic() >= end:
            break
        if waiting:
            time.sleep(PAUSE)  # the host has nothing of ours but this program
    return told


def _state(bucket: Bucket, database: Path) -> dict[str, Any]:
    """Tell how one database stands."""
    newest = max(_pieces(database), key=lambda piece: piece.name, default=None)
    if newest is None:
        return {"behind": None, "why": f"nothing of {database.name} is backed up yet"}
    key = f"{layout.STREAM}/{streaming.present()}/{database.name}/{LEVEL}/{newest.name}"
    if why := _lacking(bucket, key):
        return {"behind": None, "why": f"changes of {database.name} {why}"}
    if _has_more(database.with_name(f"{database.name}-wal"), newest):
        behind = max(0.0, time.time() - newest.made)
        return {"behind": behind, "why": f"changes of {database.name} are not followed"}
    return {"behind": 0.0, "why": ""}


def _lacking(bucket: Bucket, key: str) -> str:
    """Say why an object cannot be seen in the bucket; nothing for one that is there."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - takes a second

    try:
        return "" if bucket.has(key) else "have not reached the bucket"
    except ClientError as error:
        return f"cannot be seen in the bucket: {error.response['Error']['Code']}"
    except BotoCoreError:
        return "do not reach the bucket"


def _pieces(database: Path) -> Iterable[Piece]:
    """Yield the pieces that are on this disk, of which there is always the newest."""
    folder = places.home() / "stream" / database.name / "ltx" / "0"
    for path in folder.glob("*.ltx"):
        try:
            with path.open("rb") as file:
                magic, made, at, size, *salts = PIECE_HEADER.unpack(file.read(PIECE_HEADER.size))
        except (FileNotFoundError, struct.error):
            continue
        if magic == MAGIC:
            yield Piece(path.name, made / 1000, at + size, (salts[0], salts[1]))


def _has_more(wal: Path, newest: Piece) -> bool:
    """Whether the WAL has a commit that the newest piece has not.

    None at all, or an empty one, is a sign that nobody follows it: Litestream writes into it first.
    """
    try:
        with wal.open("rb") as file:
            page, *salts = WAL_HEADER.unpack(file.read(WAL_HEADER.size))
            known = newest.end if tuple(salts) == newest.salts else WAL_HEADER.size
            return _has_commit(file, known, page, (salts[0], salts[1]))
    except (FileNotFoundError, struct.error):
        return True


def _has_commit(file: IO[bytes], at: int, page: int, salts: Salts) -> bool:
    """Whether a commit stands in a WAL from here on; frames of other salts are of an older run."""
    file.seek(at)
    while len(header := file.read(FRAME_HEADER.size)) == FRAME_HEADER.size:
        commit, *found = FRAME_HEADER.unpack(header)
        if (found[0], found[1]) != salts:
            return False
        if commit:
            return True
        file.seek(page, 1)
    return False
