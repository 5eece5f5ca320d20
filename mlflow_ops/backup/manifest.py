"""What a named backup says of itself, read as something that anybody may have written."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, TypeAlias

from mlflow_ops.errors import MlflowOpsError

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
WORD = re.compile(r"[\w.+-]{0,60}", re.ASCII)
SHA256 = re.compile(r"[0-9a-f]{64}")
FILE = re.compile(r"[a-z][a-z_]{0,40}\.db(-wal|-shm|-journal)?")
TIME = "%Y-%m-%dT%H:%M:%SZ"
Z = re.compile("Z$")  # which Python 3.10 does not know
Text: TypeAlias = "str | bytes | dict[str, Any]"
MOST = 1 << 53  # what every reader of JSON takes for a whole number
FILES = 10


@dataclass(frozen=True)
class Counts:
    """How many experiments, runs, registered models and users a database holds."""

    experiments: int = 0
    runs: int = 0
    models: int = 0
    users: int = 0

    @classmethod
    def of(cls, found: object) -> Counts:
        """Return the counts that a document tells; what it does not tell is none."""
        told = found if isinstance(found, dict) else {}
        return cls(**{name: _number(told.get(name, 0)) for name in cls.__dataclass_fields__})

    def __str__(self) -> str:
        """Return them as a person would say it."""
        told = {"run": self.runs, "registered model": self.models, "user": self.users}
        words = [f"{n:,} {what}{'' if n == 1 else 's'}" for what, n in told.items()]
        return ", ".join(words if self.users else words[:-1])


@dataclass(frozen=True)
class File:
    """A database in a backup: its SHA-256 and its size in bytes, both before compression."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """A named backup. `bytes` is what it takes in the bucket; `taken` is in UTC.

    `mlflow` is the version of the server, and `revision` that of its schema. A `damaged` one is
    kept for who can repair it, and never restored.
    """

    name: str
    kind: str
    taken: datetime
    mlflow: str
    revision: str
    counts: Counts
    bytes: int
    files: dict[str, File]
    damaged: bool = False

    @classmethod
    def of(cls, text: Text, name: str | None = None) -> Manifest:
        """Return what a manifest says; raise MlflowOpsError for one that cannot be right.

        `name` is the folder that it was found in, which it must tell, too.
        """
        try:
            found = text if isinstance(text, dict) else json.loads(text)
            made = _made(found)
            if name not in {None, made.name}:
                raise ValueError
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            of = f" of the backup {name!r}" if name else ""
            raise MlflowOpsError(
                f"The manifest{of} cannot be read: it is damaged. Take another backup; "
                "`mlflow-ops backups` shows which there are."
            ) from error
        return made

    @property
    def document(self) -> dict[str, Any]:
        """The manifest as JSON has it."""
        files = {name: vars(file) for name, file in self.files.items()}
        told = {"taken": self.taken.strftime(TIME), "counts": vars(self.counts), "files": files}
        return {"format": 1, **vars(self), **told}

    def __str__(self) -> str:
        """Return what it holds and of when it is, in one line."""
        holds = "a damaged database" if self.damaged else str(self.counts)
        return f"{holds}, taken {self.taken:%Y-%m-%d %H:%M} UTC"


def _made(found: dict[str, Any]) -> Manifest:
    files = dict(list(found["files"].items())[: FILES + 1])
    if len(files) > FILES or not files:
        raise ValueError
    return Manifest(
        name=_text(found["name"], NAME),
        kind=_text(found["kind"], NAME),
        taken=_time(found["taken"]),
        mlflow=_text(found["mlflow"], WORD),
        revision=_text(found["revision"], WORD),
        counts=Counts.of(found["counts"]),
        bytes=_number(found["bytes"]),
        files={_text(name, FILE): _file(file) for name, file in files.items()},
        damaged=_switch(found["damaged"]),
    )


def _time(found: str) -> datetime:
    moment = datetime.fromisoformat(Z.sub("+00:00", found))
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(timezone.utc)


def _file(found: dict[str, Any]) -> File:
    return File(_text(found["sha256"], SHA256), _number(found["size"]))


def _text(found: object, shape: re.Pattern[str]) -> str:
    if not isinstance(found, str) or not shape.fullmatch(found):
        raise ValueError
    return found


def _number(found: object) -> int:
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= MOST:
        raise ValueError
    return found


def _switch(found: object) -> bool:
    if not isinstance(found, bool):
        raise TypeError
    return found
