"""The keeper of a fake host: it answers as the real one does, and puts real named backups away.

The databases have nothing in them; what they hold, `contents` says. What a backup says
that it holds goes with it when it is staged and placed.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_ops.backup import layout

from . import backends

if TYPE_CHECKING:
    from collections.abc import Callable

COMMAND = re.compile(r"bin/python mlflow/keeper\S* ([a-z][a-z-]*)")
HOLDS = "holds.json"


def asked(command: str) -> str:
    """Return which command of the keeper a shell command is, or nothing."""
    found = COMMAND.search(command)
    return found[1] if found else ""


@functools.cache
def database() -> bytes:
    """Return an SQLite database with nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "empty.db")
        with closing(sqlite3.connect(path)) as made:
            made.execute("PRAGMA user_version = 1")
        return path.read_bytes()


def in_the_bucket() -> dict[str, object]:
    """Return what `sync` says of a backup that is not behind."""
    return {"behind": 0.0, "why": ""}


def contents() -> dict[str, object]:
    """Return what the databases of a fresh host hold, in a manifest's words."""
    counts = {"experiments": 1, "runs": 0, "models": 0, "users": 1}
    return {"mlflow": "3.17.2", "revision": "0000", "counts": counts}


@dataclass
class Keeper:
    """Plays the keeper on the disk of one home; `databases` is what they hold, by reference.

    `synced` is what it says of the continuous backup.
    """

    home: Path
    databases: dict[str, object]
    synced: dict[str, object]

    def answer(self, command: str, stdin: bytes) -> tuple[int, bytes]:
        """Return the exit code and what is printed."""
        told: dict[str, Any] = json.loads(stdin or b"{}")
        plays: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "sync": self._sync,
            "take": self._take,
            "stage": self._stage,
            "place": self._place,
            "put-back": lambda _: self._swap(("data", "staged"), ("replaced", "data")),
            "settle": self._settle,
            "look": self._look,
            "admin": lambda _: {"set": True},
        }
        try:
            said = plays[command](told) if command in plays else {}
        except LookupError as error:
            return 0, f"{json.dumps({'error': f'There is no backup {error}.'})}\n".encode()
        return 0, f"{json.dumps(said)}\n".encode()

    def _sync(self, told: dict[str, Any]) -> dict[str, Any]:
        return self.synced

    def _folder(self, name: str) -> Path:
        found = self.home / "mlflow" / name
        found.mkdir(parents=True, exist_ok=True)
        return found

    def _take(self, told: dict[str, Any]) -> dict[str, Any]:
        """Put both databases and the manifest into moto's own bucket, as with the host's right."""
        folder = f"{layout.NAMED}/{told['name']}"
        bodies = {f"{name}.gz": gzip.compress(database()) for name in layout.DATABASES}
        manifest: dict[str, Any] = {
            "name": told["name"],
            "kind": told["kind"],
            "taken": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            **self.databases,
            "bytes": sum(map(len, bodies.values())),
            "files": {
                name: {"sha256": hashlib.sha256(database()).hexdigest(), "size": len(database())}
                for name in layout.DATABASES
            },
            "damaged": False,
        }
        for name, body in (*bodies.items(), (layout.MANIFEST, json.dumps(manifest).encode())):
            backends.s3().put_object(told["bucket"], f"{folder}/{name}", body)
        return manifest

    def _stage(self, told: dict[str, Any]) -> dict[str, Any]:
        staged = self._folder("staged")
        for name in layout.DATABASES:
            (staged / name).touch()
        held = self._manifest(told) if told.get("named") else self.databases
        summary = {name: held[name] for name in ("mlflow", "revision", "counts") if name in held}
        (staged / HOLDS).write_text(json.dumps(summary))
        return {**summary, "files": list(layout.DATABASES)}

    def _manifest(self, told: dict[str, Any]) -> dict[str, Any]:
        name = f"{layout.NAMED}/{told['named']}/{layout.MANIFEST}"
        found = backends.s3().get_object(told["bucket"], name)
        if found is None:
            raise LookupError(told["named"])
        manifest: dict[str, Any] = json.loads(found.value)
        return manifest

    def _place(self, told: dict[str, Any]) -> dict[str, Any]:
        """Say, as the real one does, what is in `replaced` until it is settled."""
        self._swap(("data", "replaced"), ("staged", "data"))
        (self._folder("replaced") / "about.json").touch()
        return {}

    def _swap(self, *moves: tuple[str, str]) -> dict[str, Any]:
        for source, target in moves:
            shutil.rmtree(self._folder(target))
            if source == "data":
                (self._folder(source) / HOLDS).write_text(json.dumps(self.databases))
            self._folder(source).rename(self._folder(target))
        held = self._folder("data") / HOLDS
        if held.exists():
            self.databases.update(json.loads(held.read_text()))
        return {}

    def _settle(self, told: dict[str, Any]) -> dict[str, Any]:
        for name in ("staged", "replaced"):
            shutil.rmtree(self._folder(name))
        return {}

    def _look(self, told: dict[str, Any]) -> dict[str, Any]:
        names = ("data", "staged", "replaced")
        found = {name: self.home / "mlflow" / name for name in names}
        return {
            name: [each for each in layout.DATABASES if (folder / each).exists()]
            for name, folder in found.items()
        }
