"""A stack's whole life as a text: runs every command in the sandbox, and keeps what it prints.

`make walk-through` writes docs/walk-through.txt. It takes some minutes, and leaves nothing behind.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from life import LIFE, Comment, Line
from stable_forms import stable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGE = Path(__file__).parent / "walk-through.txt"
DEADLINE = 600
MOST = 5
OURS = ("AWS_", "MLFLOW_")
HEAD = """\
The whole life of a stack, in the sandbox: what each command prints.

Made by `make walk-through` (docs/walk_through.py), which runs these very commands. Times, ids,
ports and sizes are replaced by ones that are always the same; long outputs are cut at "…".
"""


@dataclass(frozen=True)
class Place:
    """Where the commands run: a folder and a home of their own."""

    folder: Path

    @property
    def home(self) -> Path:
        """The home folder, in which the commands keep what they keep."""
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the commands, without the user's own clouds and servers."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(OURS)}
        beside = str(Path(sys.executable).parent)
        return kept | {
            "PATH": f"{beside}{os.pathsep}{kept.get('PATH', '')}",
            "HOME": str(self.home),
            "MLFLOW_OPS_HOME": str(self.home / ".mlflow-ops"),
            "COLUMNS": "100",
            "NO_COLOR": "1",
            "SHELL": "/bin/sh",
            "LOGNAME": "ada",
        }

    def run(self, line: str) -> tuple[str, int]:
        """Return what a line prints, and its exit code."""
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=DEADLINE,
            check=False,
        )
        return self.without_paths(done.stdout.decode(errors="replace")), done.returncode

    def without_paths(self, text: str) -> str:
        """Return the text with our folders called as everybody has them, in columns as wide."""
        for path, name in ((self.home, "~"), (self.folder, ".")):
            for each in {str(path.resolve()), str(path)}:
                text = re.sub(rf"{re.escape(each)}(\S*)( {{2,}})?", _same_width(name), text)
        return text


def _same_width(name: str) -> Callable[[re.Match[str]], str]:
    return lambda m: f"{name}{m[1]}".ljust(len(m[0])) if m[2] else f"{name}{m[1]}"


def write() -> int:
    """Write the page; return how many commands ended otherwise than they should."""
    wrong = 0
    parts = [HEAD]
    with place() as here:
        for each in LIFE:
            if isinstance(each, Comment):
                parts.append(f"\n# {each.text}\n")
                continue
            printed, code = here.run(each.text)
            parts.append(_shown(each, printed, code))
            if code != each.code:
                wrong += 1
                print(
                    f"{code} instead of {each.code}: {each.text}\n{_end(printed)}", file=sys.stderr
                )
    PAGE.write_text(stable("\n".join(parts)).rstrip() + "\n", encoding="utf-8")
    return wrong


@contextmanager
def place() -> Iterator[Place]:
    """Give a place for the commands, and end and remove at the end what they have left there."""
    here = Place(Path(tempfile.mkdtemp(prefix="mlflow-ops-life-")))
    here.home.mkdir()
    try:
        yield here
    finally:
        ended = [here.run(f"mlflow-ops down {cloud} --yes") for cloud in ("--sandbox", "--local")]
        if any(code for _, code in ended):  # what still runs there needs its folder to be ended
            print(f"Something is left in {here.folder}:", ended, file=sys.stderr)
        else:
            shutil.rmtree(here.folder)


def _end(printed: str) -> str:
    return "\n".join(printed.rstrip().splitlines()[-MOST:])


def _shown(line: Line, printed: str, code: int) -> str:
    lines = [each.rstrip() for each in printed.rstrip().splitlines()]
    if len(lines) > line.most:
        lines = [*lines[: line.most], f"… ({len(lines) - line.most} more lines)"]
    if code:
        lines.append(f"(exit code {code})")
    return "\n".join([f"$ {line.text}", *lines, ""])


if __name__ == "__main__":
    sys.exit(1 if write() else 0)
