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

from mlflow_ops import plan, walk
from mlflow_ops.errors import HostFailed, MlflowOpsError, PrivateKeyLost
from mlflow_ops.records import Backup, Certificate, Instance
from mlflow_ops.rehearsing import settings
from mlflow_ops.rehearsing.stage import staged
from mlflow_ops.steps import taken
from mlflow_ops.steps.instance import AT_REST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.records import Record
    from mlflow_ops.rehearsing.host import Rehearsal
    from mlflow_ops.rehearsing.told import Told
    from mlflow_ops.stack import Stack
    from mlflow_ops.walk import Found

__all__ = ["Rehearsed", "rehearse"]
FINGERPRINT, STREAM = "CERTIFICATE-FINGERPRINT", "BACKUP-STREAM-NAME"


STOPPED = "The instance is stopped: what its host lacks is known once it runs."
SHUT_OUT = (
    "No SSH key of this machine opens the host: what it lacks is known once one does. `up` has EC2 "
    "Instance Connect let this machine's key in for a minute, adds it to the host's "
    "~/.ssh/authorized_keys, and then does what is missing there."
)
SILENT = "What the host lacks is known once it answers."


@dataclass(frozen=True)
class Rehearsed:
    """What the host will be told, in order, and what there is to remark.

    `settings` are those of what is made or mended outside the host, by step, and `met` is what is
    there of each step, with what it lacks when its turn comes.
    """

    told: tuple[Told, ...] = ()
    remarks: tuple[str, ...] = ()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    met: Mapping[str, Record | None] = field(default_factory=dict)


def rehearse(stack: Stack, found: Found) -> Rehearsed:
    """Return what `up` would tell the host of a stack of which this was found; changes nothing.

    What a host lacks that could not be asked is not guessed at.
    """
    steps = taken(stack.shape)
    if len(found) == len(steps) and not any(each.missing for each in found.values()):
        return Rehearsed(met=found)
    with tempfile.TemporaryDirectory(prefix="mlflow-ops-") as folder:
        made, host = staged(stack, found, Path(folder))
        due = [name for name in steps if name not in found or found[name].missing]
        told = {name: settings.of(name, stack, made) for name in due}
        if plan.silent(stack):
            return Rehearsed((), (_why_silent(stack),), told, found)
        words: dict[str, str] = {}
        met: dict[str, Record | None] = {**found}
        remarks = []
        try:
            _walked(made, met, host, words)
        except MlflowOpsError as error:
            remarks.append(f"At {host.step} `up` would stop: {error}")
    return Rehearsed(host.all_told(words), tuple(remarks), told, met)


def _why_silent(stack: Stack) -> str:
    if stack.need(Instance).state in AT_REST:
        return STOPPED
    try:
        stack.host()
    except PrivateKeyLost:
        return SHUT_OUT
    except HostFailed as error:
        return f"{error} {SILENT}"
    return SILENT


def _walked(
    stack: Stack, met: dict[str, Record | None], host: Rehearsal, words: dict[str, str]
) -> None:
    """Make the host's steps as `up` does, and note what each that was found lacks by its turn.

    `words` gets those for what is made up on the way.
    """
    changed = False
    for name, step in taken(stack.shape).items():
        record, host.step = met.get(name), name
        if step.PLACE != "host":
            changed = changed or record is None or bool(record.missing)
            continue
        before = walk.met(stack, step, record, changed=changed)
        if record:  # of a new one, what its host comes with is no matter
            met[name] = before
        record, changed = walk.made(stack, step, before, changed=changed)
        words |= _made_up(record, before)
        stack = stack.knows(record)


def _made_up(record: Record, before: Record | None) -> dict[str, str]:
    """Return the words for what is another one each time that it is made."""
    if record == before:
        return {}
    if isinstance(record, Certificate):
        return {record.leaf: FINGERPRINT}
    return {record.id: STREAM} if isinstance(record, Backup) and before is None else {}
