"""How much time was lost with an instance, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from mlflow_ops.backup.sources import Source

# Backups of a server that was stopped before: nobody could log anything after them.
WHOLE = ("kept", "stop")
MINUTE, HOUR = 60, 3600


def said(source: Source, ended: datetime | None, *, newest: bool = True) -> str:
    """Say what time is missing in this backup, perhaps not the `newest` that there is.

    `ended` is when the instance did, if known.
    """
    when = f"{source.moment:%Y-%m-%d %H:%M:%S} UTC"
    if source.manifest is not None:
        if newest and source.manifest.kind in WHOLE:
            return f"Nothing is lost: the backup of {when} was the last thing that the stack did."
        return f"The backup is of {when}: what was logged after it is not in it."
    change = f"The newest change in the backup is of {when}"
    if ended is None:
        return f"{change}: what was logged after it, if anything was, is lost."
    gap = (ended - source.moment).total_seconds()
    if gap < 0:
        return f"{change}, when the instance was ending already: no time is lost."
    return (
        f"{change}, {_span(gap)} before the instance ended: what was logged in this time, if "
        "anything was, is lost."
    )


def _span(seconds: float) -> str:
    if seconds < 2 * MINUTE:
        return f"{seconds:.0f} s"
    hours, minutes = int(seconds // HOUR), int(seconds % HOUR // MINUTE)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
