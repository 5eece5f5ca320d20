"""What `up` would do on the host, told by the very code that does it.

The host steps make what is missing on a stack whose files are copies, whose AWS clients send no
call that changes anything, and whose host answers questions but only remembers the rest. What
nobody knows before it is made has a name in capital letters instead.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_ops import walk
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.records import Backup, Certificate, Instance
from mlflow_ops.rehearsing import settings
from mlflow_ops.rehearsing.stage import staged
from mlflow_ops.steps import taken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.records import Record
    from mlflow_ops.rehearsing.host import Rehearsal
    from mlflow_ops.rehearsing.told import Told
    from mlflow_ops.stack import Stack
    from mlflow_ops.walk import Found

__all__ = ["Rehearsed", "rehearse"]
UNANSWERED = "The host does not answer now: this is what a fresh one would be told."
FINGERPRINT, STREAM = "CERTIFICATE-FINGERPRINT", "BACKUP-STREAM-NAME"


@dataclass(frozen=True)
class Rehearsed:
    """What the host will be told, in order, and what there is to remark.

    `settings` are those of what is made outside the host, by step.
    """

    told: tuple[Told, ...] = ()
    remarks: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def rehearse(stack: Stack, found: Found) -> Rehearsed:
    """Return what `up` would tell the host of a stack of which this was found; changes nothing."""
    if len(found) == len(taken(stack.shape)) and not any(e.missing for e in found.values()):
        return Rehearsed()
    with tempfile.TemporaryDirectory(prefix="mlflow-ops-") as folder:
        made, host = staged(stack, found, Path(folder))
        new = [name for name in taken(stack.shape) if name not in found]
        told = {name: settings.of(name, stack, made) for name in new}
        remarks = [UNANSWERED] if stack.get(Instance) and host.real is None else []
        words: dict[str, str] = {}
        try:
            _walked(made, found, host, words)
        except MlflowOpsError as error:
            remarks.append(f"At {host.step} `up` would stop: {error}")
    return Rehearsed(host.all_told(words), tuple(remarks), told)


def _walked(stack: Stack, found: Found, host: Rehearsal, words: dict[str, str]) -> None:
    """Make the host's steps as `up` does; `words` gets those for what is made up on the way."""
    changed = False
    for name, step in taken(stack.shape).items():
        record, host.step = found.get(name), name
        if step.PLACE != "host":
            changed = changed or record is None or bool(record.missing)
            continue
        record, changed = walk.made(stack, step, record, changed=changed)
        words |= _made_up(record, found.get(name))
        stack = stack.knows(record)


def _made_up(record: Record, before: Record | None) -> dict[str, str]:
    """Return the words for what is another one each time that it is made."""
    if record == before:
        return {}
    if isinstance(record, Certificate):
        return {record.leaf: FINGERPRINT}
    return {record.id: STREAM} if isinstance(record, Backup) and before is None else {}
