"""Which parameters and metrics a table has room for: those that tell its rows apart."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST = 4
RARE = 3  # one row in so many must have it
SYSTEM = "system/"  # what MLflow measures of the machine
LONGEST = 24
FOUR_DIGITS = 10_000


def metrics(rows: Sequence[Mapping[str, float]], first: str = "") -> list[str]:
    """Return the names of the metrics that most rows have, before all the `first` if it is one."""
    names = [name for name in _common(rows) if name != first and not name.startswith(SYSTEM)]
    wanted = [first] if any(first in row for row in rows) else []
    return [*wanted, *names][:MOST]


def params(rows: Sequence[Mapping[str, str]], first: str = "") -> list[str]:
    """Return the names of the parameters that differ between rows, or all those of a single one."""
    names = [name for name in _common(rows) if name != first and _differs(rows, name)]
    wanted = [first] if any(first in row for row in rows) else []
    return [*wanted, *names][:MOST]


def _common(rows: Sequence[Mapping[str, object]]) -> list[str]:
    counts = Counter(name for row in rows for name in row)
    # What the parent of a few children says of the best of them is no column of its own.
    least = max(len(rows) / RARE, min(2, len(rows) - 1))
    return [name for name, count in counts.most_common() if count >= least]


def _differs(rows: Sequence[Mapping[str, str]], name: str) -> bool:
    return len(rows) == 1 or len({row[name] for row in rows if name in row}) > 1


def figure(value: float | None) -> str | None:
    """Say a metric's value in a few digits."""
    if value is None or not math.isfinite(value):
        return None if value is None else str(value)
    if value == int(value) and abs(value) < 10**15:
        return str(int(value))
    return f"{value:.4g}" if abs(value) < FOUR_DIGITS else f"{value:.7g}"


def short(text: str, longest: int = LONGEST) -> str:
    """Return the text as far as a table has room for it."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
