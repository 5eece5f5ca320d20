"""What a command on the host is wrapped in, and what is shown of its output."""

from __future__ import annotations

import shlex
from collections import deque
from typing import TYPE_CHECKING

from trainer import visible

if TYPE_CHECKING:
    from collections.abc import Callable

LINES_IN_ERROR = 12
SHOWN = 100
LONGEST_LINE = 1000
GRACE = 10.0
# What coreutils' timeout ends with.
TIMED_OUT, KILLED = 124, 137
TAIL = 20_000
# What is kept of one command's output: characters to return, and characters to log.
KEPT = 1_000_000
LOGGED = 4_000_000


def limited(command: str, deadline: float) -> str:
    """Return the command with an end on the host: closing the channel would leave it running."""
    whole = f"sh -c {shlex.quote(command)}"
    limit = f"timeout -k {GRACE / 2:.0f} {deadline:.0f}"
    return f"if command -v timeout >/dev/null; then exec {limit} {whole}; else exec {whole}; fi"


def ended(status: int, deadline: float) -> str:
    """Say how a command ended."""
    if status in {TIMED_OUT, KILLED}:
        return f"Ended after {deadline:.0f} s on the host"
    return f"Exit {status} on the host"


def short(command: str) -> str:
    """Return a command's first line, cut to what fits into a sentence."""
    first = command.strip().partition("\n")[0]
    return visible.line(first if len(first) <= SHOWN else f"{first[: SHOWN - 1]}…")


def tail(pieces: list[str]) -> str:
    """Return the last lines, safe to show on a terminal."""
    lines = [line for line in "".join(pieces)[-TAIL:].split("\n") if line.strip()]
    shown = (visible.line(line.rstrip("\r"), LONGEST_LINE) for line in lines[-LINES_IN_ERROR:])
    return "".join(f"\n  | {line}" for line in shown)


def last_line(piece: str) -> str:
    """Return the last line of some output that says anything, or an empty string."""
    whole = [line for line in piece[-LONGEST_LINE:].split("\n") if line.strip()]
    return whole[-1] if whole else ""


class Ending:
    """The end of what a command prints: as much as is worth keeping, however much it was."""

    def __init__(self) -> None:
        self._pieces: deque[str] = deque()
        self._length = 0

    def add(self, piece: str) -> None:
        """Keep a piece, and let go of the oldest ones that are too much by now."""
        self._pieces.append(piece)
        self._length += len(piece)
        while self._length - len(self._pieces[0]) >= KEPT:
            self._length -= len(self._pieces.popleft())

    def __str__(self) -> str:
        return "".join(self._pieces)[-KEPT:]


def logging_to(write: Callable[[str], object]) -> Callable[[str], None]:
    """Return the function that logs one command's output: safe to show, and not without end."""
    left = LOGGED

    def log(piece: str) -> None:
        nonlocal left
        if left <= 0:
            return
        shown = visible.text(piece.replace("\r\n", "\n"), LOGGED)
        left -= len(shown)
        write(shown)
        if left <= 0:
            write("\n… and more, which is not kept\n")

    return log
