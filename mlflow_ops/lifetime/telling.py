"""The words in which users are told when their stack stops by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops import spans
from mlflow_ops.lifetime.durations import shortened
from mlflow_ops.records import Lifetime

if TYPE_CHECKING:
    from mlflow_ops.lifetime.answers import Told
    from mlflow_ops.stack import Stack

FOREVER = "no time limit, no idle stop"
SHORT = "less than a minute"


def record(told: Told | None, missing: tuple[str, ...] = ()) -> Lifetime:
    """Return the record of what the host has told; None is that it has no limits."""
    if told is None:
        return Lifetime("none", detail=FOREVER, missing=missing)
    limits = [shortened(int(told.ttl))] if told.ttl else []
    limits += [f"idle {shortened(int(told.idle))}"] if told.idle else []
    return Lifetime(
        " ".join(limits),
        detail=_detail(told),
        missing=missing,
        end=told.end,
        left=told.left,
        idle_stop=told.idle,
        quiet=told.quiet,
    )


def document(stack: Stack) -> dict[str, Any] | None:
    """Return what `status --json` says of the limits; None where the host was not asked."""
    found = stack.get(Lifetime)
    if found is None:
        return None
    return {
        "until": found.end or None,
        "left_seconds": None if found.left is None else round(found.left),
        "idle_stop_seconds": found.idle_stop,
        "idle_seconds": None if found.quiet is None else round(found.quiet),
    }


def said(seconds: float) -> str:
    """Return how long that is, in whole minutes."""
    return spans.words(seconds, least=SHORT)


def _detail(told: Told) -> str:
    parts = [f"stops in {said(told.left)}"] if told.left is not None else []
    if told.idle:
        known = told.quiet is not None
        last = f"last one {said(told.quiet or 0)} ago" if known else "not known when the last was"
        parts.append(f"stops after {said(told.idle)} without a request; {last}")
    return "; ".join(parts)
