"""When a host is to stop: limits and moments in, moments out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from mlflow_ops.lifetime.watcher.keeping import number

if TYPE_CHECKING:
    from collections.abc import Mapping

# As kept on the host: "ttl" and "idle" in seconds, "until" and "set" since the epoch; or None.
Settings: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True)
class Now:
    """The present moment by the clock that may be set and by the steady one, and the boot's."""

    wall: float
    steady: float
    boot: float


def kept(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings in what a file holds; None for each that is no number."""
    return {name: number(found.get(name)) for name in ("ttl", "idle", "until", "set")}


def end(settings: Settings, memory: Mapping[str, Any], now: Now) -> float | None:
    """Return when the time limit ends, by the steady clock; None without one.

    What `memory` has of this boot stays, however the other clock is set. Else it is no sooner than
    the limit's whole length after the boot.
    """
    ttl, until, given = (settings.get(name) for name in ("ttl", "until", "set"))
    if not ttl:
        return None
    known = number(memory.get("end"))
    if memory.get("limit") == [ttl, until] and known is not None:
        return known
    anew = now.boot + float(ttl)
    if until is None or given is None:
        return anew
    if now.wall < given:  # a clock that is behind
        return max(anew, now.boot + float(until - given))
    return max(anew, now.steady + float(until - now.wall))


def armed(wish: Settings, settings: Settings, left: float | None, now: Now) -> dict[str, Any]:
    """Return the settings for these limits; a time limit that stands already goes on."""
    ttl, until = wish["ttl"], None
    if ttl:
        stands = left is not None and settings.get("ttl") == ttl
        until = round(now.wall + (left if stands and left is not None else ttl))
    return {"ttl": ttl, "idle": wish["idle"], "until": until, "set": now.wall}


def extended(settings: Settings, left: float, seconds: float, now: Now) -> dict[str, Any]:
    """Return the settings for an end that is so much later; one that has passed counts from now."""
    until = round(now.wall + max(0.0, left) + seconds)
    return {**settings, "until": until, "set": now.wall}


def reason(left: float | None, idle: float | None, quiet: float | None) -> str:
    """Return why it is time to stop, in words, or nothing while it is not."""
    if left is not None and left <= 0:
        return "its time limit is over"
    if idle and quiet is not None and quiet >= idle:
        return f"for {quiet / 60:.0f} minutes nobody has used its server"
    return ""
