"""What an export holds, as its manifest says it: the databases, and every artifact by its hash.

    manifest.json      written last: without it the rest is not an export
    mlflow.db          as `mlflow server --backend-store-uri` takes it
    basic_auth.db      the users, where the server asks for a login
    artifacts/…        as `mlflow server --artifacts-destination` takes them

A tar file has the same in one folder. Whatever an archive says is checked before it is believed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, BinaryIO

from mlflow_ops.backup.layout import ARTIFACTS, DATABASES, MANIFEST, MLFLOW_DB
from mlflow_ops.errors import MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FORMAT = "mlflow-ops export 1"
CHUNK = 1 << 20
SHA256 = re.compile("[0-9a-f]{64}")
LONGEST = 256 * CHUNK  # a manifest of a million artifacts


@dataclass(frozen=True)
class Entry:
    """One file of an export: its SHA-256, in hex, and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Archive:
    """The manifest of an export: which stack's, the backup that it was made of, and its files."""

    stack: str
    backup: Mapping[str, Any]
    files: Mapping[str, Entry] = field(default_factory=dict)

    @property
    def artifacts(self) -> dict[str, Entry]:
        """The artifacts, by the names that they have in an export and in a bucket."""
        return {name: each for name, each in self.files.items() if name not in DATABASES}

    @property
    def databases(self) -> tuple[str, ...]:
        """The names of the databases that it has."""
        return tuple(name for name in DATABASES if name in self.files)

    @property
    def size(self) -> int:
        """The bytes of all its files."""
        return sum(each.size for each in self.files.values())

    @property
    def text(self) -> str:
        """The manifest's own text."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1) + "\n"

    def check(self, found: Mapping[str, Entry], where: object) -> None:
        """Raise MlflowOpsError unless these, of all that is at `where`, are the files it lists."""
        for name in sorted({*self.files, *found}):
            if name not in found:
                raise damaged(where, f"{name!r} is missing")
            if name not in self.files:
                raise damaged(where, f"{name!r} stands in no manifest")
            if found[name] != self.files[name]:
                raise damaged(where, f"{name!r} is not what was exported")


def read(file: BinaryIO, where: object) -> Archive:
    """Return what a manifest says; raise MlflowOpsError for one that no export has."""
    try:
        said = json.loads(file.read(LONGEST))
        if said["format"] != FORMAT:
            raise ValueError(said["format"])
        files = {str(name): _entry(entry) for name, entry in said["files"].items()}
        stack, backup = str(said["stack"]), dict(said["backup"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise damaged(where, f"its {MANIFEST} is not one of an export") from error
    for name in files:
        check_name(name, where)
    if MLFLOW_DB not in files:
        raise damaged(where, f"it has no {MLFLOW_DB}")
    return Archive(stack, backup, files)


def _entry(said: Mapping[str, Any]) -> Entry:
    sha256, size = said["sha256"], said["size"]
    if not SHA256.fullmatch(sha256) or type(size) is not int or size < 0:
        raise ValueError(said)
    return Entry(sha256, size)


def check_name(name: str, where: object) -> None:
    """Raise MlflowOpsError for a name that no file of an export has, as `..` and `/etc/passwd`."""
    if not is_good(name):
        raise damaged(where, f"it has a file {name!r}, which no export has")


def is_good(name: str) -> bool:
    """Whether a file of an export may be called so: a database, or one below `artifacts/`."""
    parts = name.split("/")
    if name in DATABASES:
        return True
    below = parts[0] == ARTIFACTS and len(parts) > 1
    return below and not {"", ".", ".."} & set(parts) and "\0" not in name


def damaged(where: object, what: str) -> MlflowOpsError:
    """Return the error of an archive that is not, or no longer, what an export has written."""
    return MlflowOpsError(
        f"{where} is not an export as it was written: {what}. Nothing of it was taken; "
        "make the export again."
    )


def entry(file: BinaryIO, also: Callable[[bytes], object] = lambda _: None) -> Entry:
    """Read a file to its end, hand each piece of it on, and return its hash and size."""
    sha256, size = hashlib.sha256(), 0
    while piece := file.read(CHUNK):
        sha256.update(piece)
        size += len(piece)
        also(piece)
    return Entry(sha256.hexdigest(), size)


def entry_of(path: Path) -> Entry:
    """Return the hash and size of the file at this path."""
    with path.open("rb") as file:
        return entry(file)


def private(path: str, flags: int) -> int:
    """Open a file for `open`, so that it is born 0600."""
    return os.open(path, flags, 0o600)
