"""What a command on the host is wrapped in, and what is shown of its output."""

from __future__ import annotations

import shlex

LINES_IN_ERROR = 12
SHOWN = 100
LONGEST_LINE = 1000
GRACE = 10.0
# What coreutils' timeout ends with.
TIMED_OUT, KILLED = 124, 137
TAIL = 20_000


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
    first = command.strip().splitlines()[0]
    return first if len(first) <= SHOWN else f"{first[: SHOWN - 1]}…"


def tail(pieces: list[str]) -> str:
    """Return the last lines, safe to show on a terminal."""
    lines = [line for line in "".join(pieces)[-TAIL:].splitlines() if line.strip()]
    clean = ("".join(c for c in line[:LONGEST_LINE] if c.isprintable()) for line in lines)
    return "".join(f"\n  | {line}" for line in list(clean)[-LINES_IN_ERROR:])


def last_line(piece: str) -> str:
    """Return the last line of some output that says anything, or an empty string."""
    whole = [line for line in piece[-LONGEST_LINE:].split("\n") if line.strip()]
    return whole[-1] if whole else ""
