"""Spans of time, as they are told to people."""

from __future__ import annotations

UNITS = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def words(seconds: float, most: int = 2, *, least: str = "") -> str:
    """Return a span of seconds in at most so many of its largest units: `5 h 12 min`.

    With `least` no seconds are told, and a span of less than a minute is that. What has not begun
    by somebody else's clock is no span at all.
    """
    rest, told = max(0, int(seconds)), []
    for unit, size in UNITS[:-1] if least else UNITS:
        count, rest = divmod(rest, size)
        told += [f"{count} {unit}"] if count else []
    return " ".join(told[:most]) or least or "0 s"
