"""Our memory of what we asked AWS for: one line before each call and one right after it."""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mlflow_ops import files
from mlflow_ops.aws import code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# What AWS says when it failed itself, so that the thing may have been made all the same.
UNSURE = {
    *("InternalError", "InternalFailure", "ServiceFailure"),
    *("ServiceUnavailable", "Unavailable", "500", "502", "503", "504"),
}
# What a line must have, and by its event besides, to say anything.
NEEDED = {"step", "event", "time"}
MORE = {"made": {"id"}, "gone": {"id"}}


@dataclass(frozen=True)
class Journal:
    """A file of JSON lines, each on disk before the call it speaks of is made."""

    path: Path

    @contextlib.contextmanager
    def asking(self, step: str, **facts: str) -> Iterator[Callable[[str], None]]:
        """Write down that `step` is about to ask, and give the function that notes the answer's id.

        Facts are names and tokens, never secrets.
        """
        self._write(step=step, event="asked", **facts)
        try:
            yield lambda identifier: self._write(step=step, event="made", id=identifier)
        except ClientError as error:  # a lost answer leaves the question open, as these do
            if code(error) not in UNSURE:
                self._write(step=step, event="refused")
            raise

    def gone(self, step: str, identifier: str) -> None:
        """Write down that the thing of this id is destroyed."""
        self._write(step=step, event="gone", id=identifier)

    def last(self, step: str, event: str) -> dict[str, str] | None:
        """Return the last line of this step and event, unless the thing is gone since."""
        found: dict[str, str] | None = None
        for line in self._of(step):
            found = line if line["event"] == event else None if line["event"] == "gone" else found
        return found

    def open_question(self, step: str) -> dict[str, str] | None:
        """Return the step's last asking if no answer to it was written down."""
        lines = self._of(step)
        return lines[-1] if lines and lines[-1]["event"] == "asked" else None

    def _of(self, step: str) -> list[dict[str, Any]]:
        return [line for line in self._lines() if line["step"] == step]

    def _write(self, **line: str) -> None:
        stamp = f"{time.time():017.6f}"
        whole = not self.path.exists() or self.path.read_bytes()[-1:] in {b"", b"\n"}
        text = ("" if whole else "\n") + json.dumps({"time": stamp, **line}, sort_keys=True) + "\n"
        with files.append_private(self.path) as journal:
            journal.write(text)
            journal.flush()
            os.fsync(journal.fileno())

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        for text in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):  # damage says nothing; the cloud is the truth
                line = json.loads(text)
                if isinstance(line, dict) and _is_whole(line):
                    yield line


def _is_whole(line: dict[str, Any]) -> bool:
    return line.keys() >= NEEDED and line.keys() >= MORE.get(str(line["event"]), set())
