"""What can be had back, in words, for who has asked for something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from mlflow_ops.backup.listing import Backups
    from mlflow_ops.backup.manifest import Manifest

ZONED = "%Y-%m-%d %H:%M:%S UTC"


def there_is(found: Backups, moment: datetime | None = None) -> str:
    """Say what there is: the spans of the streams, and of named backups those next to a moment."""
    words = [f"the continuous backup {spans}"] if (spans := _spans(found)) else []
    near = _beside(found.good, moment) if moment else found.good[:3]
    words += [f"{each.name} ({each.taken.strftime(ZONED)})" for each in near]
    if not words:
        return "The bucket holds no backup that can be read."
    return f"There is {', '.join(words)}: `mlflow-ops backups` lists all."


def _spans(found: Backups) -> str:
    spans = (f"from {s.begin.strftime(ZONED)} to {s.end.strftime(ZONED)}" for s in found.streams)
    return " and ".join(spans)


def _beside(good: tuple[Manifest, ...], moment: datetime) -> list[Manifest]:
    """Return the last backup before a moment and the first one after it."""
    before = [each for each in good if each.taken <= moment][:1]
    return before + [each for each in good if each.taken > moment][-1:]
