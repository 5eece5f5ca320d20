"""The tag of an instance that keeps how long the runs before its last start were.

It has their seconds, and the launch that it has counted last: `mlflow-ops:ran` =
`86400 2026-11-20T10:00:00+00:00`. Where AWS did not tell when that one ended, it also has what was
taken for it at most, ` of 7200`, until its host has told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops import moments
from mlflow_ops.names import RAN_TAG

if TYPE_CHECKING:
    from datetime import datetime

AT_MOST = "at most"
TAG = re.compile(r"(\d{1,12}) (\S+)( at most)?(?: of (\d{1,12}))?")


@dataclass(frozen=True)
class Told:
    """What a tag tells: seconds, the launch counted last, and what of them is guessed for it.

    `inexact` runs before that one are "at most", too.
    """

    seconds: float
    launched: datetime
    inexact: bool = False
    guess: int | None = None

    @property
    def bound(self) -> str:
        """Whether the seconds are "at most"."""
        return AT_MOST if self.inexact or self.guess is not None else ""

    def __str__(self) -> str:
        """Return the tag's value."""
        note = f" {AT_MOST}" if self.inexact else ""
        note += f" of {self.guess}" if self.guess is not None else ""
        return f"{self.seconds:.0f} {self.launched.isoformat(timespec='seconds')}{note}"


def told(described: Any) -> Told | None:  # noqa: ANN401 - AWS's own description
    """Return what the tag of an instance says; None without one of ours."""
    found = TAG.fullmatch(tagged(described, RAN_TAG))
    launched = moments.tagged(found[2]) if found else None
    if found is None or launched is None:
        return None
    guess = int(found[4]) if found[4] else None
    return Told(float(found[1]), launched, bool(found[3]), guess)


def tagged(described: Any, key: str) -> str:  # noqa: ANN401 - as above
    """Return one tag's value; nothing where there is none."""
    found = (tag["Value"] for tag in described.get("Tags", []) if tag["Key"] == key)
    return next(found, "")
