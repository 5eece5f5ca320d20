"""One thing of a stack's that AWS charges for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """What a part costs an hour now, and has cost so far, in USD; None where that is not known.

    `estimate` says what the amounts were taken from, where they are no plain sum.
    """

    name: str
    what: str
    usd_hour: float | None
    usd_so_far: float | None
    estimate: str = ""
