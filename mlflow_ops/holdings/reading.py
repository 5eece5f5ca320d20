"""The API's words as Python's own: times, numbers, and lists of keys with their values."""

from __future__ import annotations

import contextlib
import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


def moment(milliseconds: object) -> datetime | None:
    """Return the time that so many milliseconds after 1970 is; None for none, or for no time."""
    with contextlib.suppress(TypeError, ValueError, OverflowError, OSError):
        seconds = float(milliseconds) / 1000  # type: ignore[arg-type]  # TypeError is one answer
        return datetime.fromtimestamp(seconds, timezone.utc) if seconds else None
    return None


def number(said: object) -> float:
    """Return a metric's value, which the API says as text where JSON has no number for it."""
    with contextlib.suppress(TypeError, ValueError):
        return float(said)  # type: ignore[arg-type]  # TypeError is one answer
    return math.nan


def plain(value: float) -> float | str:
    """Return the value as JSON can have it: `NaN` and the infinities as text, as the API does."""
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def pairs(things: Iterable[dict[str, Any]] | None) -> dict[str, Any]:
    """Return a list of keys with values as one mapping."""
    return {str(each.get("key")): each.get("value") for each in things or ()}


def metrics(things: Iterable[dict[str, Any]] | None) -> dict[str, float]:
    """Return the newest value of each metric."""
    return {name: number(value) for name, value in pairs(things).items()}
