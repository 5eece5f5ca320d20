"""What the watcher on a host answers, taken for no more than it can mean."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from mlflow_ops.lifetime import durations

if TYPE_CHECKING:
    from mlflow_ops.shape import Shape

ISO = "%Y-%m-%dT%H:%M:%SZ"
# The year 9999, in seconds.
LATEST = 253_000_000_000


@dataclass(frozen=True)
class Told:
    """What the watcher says: its limits in seconds, None for none.

    `left` is how many seconds its time limit has yet, `until` when that ends, since the epoch, and
    `quiet` for how many seconds nobody has used the server.
    """

    ttl: float | None = None
    idle: float | None = None
    left: float | None = None
    until: float | None = None
    quiet: float | None = None

    @property
    def end(self) -> str:
        """When the time limit ends, as tags and documents tell it; empty without one."""
        return iso(self.until) if self.until is not None else ""

    def has(self, shape: Shape) -> bool:
        """Whether these are the limits of a stack of this shape."""
        return (self.ttl or 0, self.idle or 0) == tuple(
            durations.seconds(each) for each in (shape.ttl, shape.idle)
        )


def iso(seconds: float) -> str:
    """Return a moment since the epoch as tags tell it, in UTC and to the second."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime(ISO)


def told(printed: str) -> Told | None:
    """Return what the watcher has printed; None for nothing, or what is not its own."""
    known = answer(printed)
    names = ("ttl", "idle", "left", "until", "quiet")
    if not all(known.get(name) is None or _is_moment(known[name]) for name in names):
        return None
    found = Told(**{name: known.get(name) for name in names})
    return found if found.ttl or found.idle else None


def _is_moment(value: object) -> bool:
    """Whether it is a number that a moment or a length can be; a host may say anything."""
    return isinstance(value, (int, float)) and -LATEST < value < LATEST


def answer(printed: str) -> dict[str, Any]:
    """Return the document that the watcher has printed; empty for anything else."""
    try:
        found = json.loads(printed)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
