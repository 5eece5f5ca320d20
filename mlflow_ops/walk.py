"""`up` and `down`: the list of steps, walked forwards and walked backwards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from mlflow_ops.errors import HostUnreachable, MlflowOpsError, NotOurs, PrivateKeyLost, TimedOut
from mlflow_ops.records import Readiness, Record
from mlflow_ops.refusals import FAILURES, words
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from mlflow_ops.stack import Stack, Voice
    from mlflow_ops.steps import Step, Steps

Found = dict[str, Record]


class Watch(Protocol):
    """Somebody who wants to see the steps as they happen."""

    def step(self, name: str, doing: str) -> AbstractContextManager[Voice]:
        """Show a step while the context lasts, with its time, and lend it a voice."""

    def note(self, text: str) -> None:
        """Say something that belongs to no step."""

    def done(self, what: str) -> None:
        """Say what the step that just ended came to."""


@dataclass(frozen=True)
class Ended:
    """What `down` came to: ids that are gone, ids that were kept, and what failed, in words."""

    destroyed: tuple[str, ...]
    kept: tuple[str, ...]
    failures: tuple[str, ...]


def look(stack: Stack, steps: Steps) -> tuple[Stack, Found]:
    """Find what is there already, and return it with the stack that knows it; changes nothing.

    Raises NotOurs for a clash, so that `up` stops before it has made anything. A host that does
    not answer, since it boots perhaps, or has no key of ours yet, is asked again later.
    """
    found: Found = {}
    silent = False
    for name, step in steps.items():
        try:
            record = None if silent and step.PLACE == "host" else step.find(stack)
        except (HostUnreachable, PrivateKeyLost):
            silent = True
            continue
        if record:
            found[name] = record
            stack = stack.knows(record)
    return stack, found


def up(stack: Stack, steps: Steps, found: Found, watch: Watch) -> Found:
    """Make what `found` does not have or has incomplete, waiting for each step to be ready.

    Returns what stands then, by step.
    """
    standing: Found = {}
    changed = False
    for name, step in steps.items():
        record = found.get(name)
        doing = "make" if record is None else "repair" if record.missing else "check"
        stack.check_hold()
        with watch.step(name, doing) as voice:
            stack = replace(stack, voice=voice)
            record = met(stack, step, record, changed=changed)
            record, changed = made(stack, step, record, changed=changed)
            record = _when_ready(stack, step, record)
            stack = stack.knows(record)
        standing[name] = record
        watch.done(f"{record.id} {record.detail}".strip())
    return standing


def met(stack: Stack, step: Step, record: Record | None, *, changed: bool) -> Record | None:
    """Return what is there when the step's turn comes, with what it lacks by then."""
    # What holds a copy of something made or repaired just now was looked at too early.
    again = step.PLACE != "aws" and (changed or record is None)
    return step.find(stack) if again else record


def made(stack: Stack, step: Step, record: Record | None, *, changed: bool) -> tuple[Record, bool]:
    """Return the step's record with all of it made, and whether anything has changed so far."""
    if record and not record.missing:
        return record, changed
    return step.create(stack), True


def _when_ready(stack: Stack, step: Step, record: Record) -> Record:
    now = Readiness("pending")

    def check() -> bool:
        nonlocal now
        now = step.ready(stack, record)
        return now.state in {"ready", "broken"}

    try:
        until("it", check, deadline=step.DEADLINE, longest=1.0, clock=stack.clock)
    except TimedOut as error:
        # Logs are fetched before we leave: only the server has any.
        log = getattr(step, "last_words", lambda _: "")(stack)
        raise TimedOut(f"Not ready after {step.DEADLINE:.0f} s: {now.detail}{log}") from error
    if now.state == "broken":
        raise MlflowOpsError(f"It cannot get ready: {now.detail}.")
    return now.record or record


def found_for_down(stack: Stack, steps: Steps, watch: Watch) -> tuple[Found, tuple[str, ...]]:
    """Find what `down` would destroy, and say what could not be asked; foreign things stay."""
    found: Found = {}
    failures: list[str] = []
    for name, step in steps.items():
        try:
            if step.PLACE != "host" and (record := step.find(stack)):
                found[name] = record
        except NotOurs as error:
            watch.note(f"{error}")
        except (MlflowOpsError, *FAILURES) as error:
            failures.append(f"{name}: {words(error)}")
    return found, tuple(failures)


def down(stack: Stack, steps: Steps, found: Found, watch: Watch) -> Ended:
    """Destroy what was found, last step first; one failure never stops the rest."""
    destroyed: list[str] = []
    failures: list[str] = []
    for name in reversed(found):
        record = found[name]
        stack.check_hold()
        try:
            with watch.step(name, "destroy") as voice:
                steps[name].destroy(replace(stack, voice=voice), record)
        except (MlflowOpsError, *FAILURES, OSError) as error:
            failures.append(f"{name} ({record.id}): {words(error)}")
            continue
        watch.done(record.id)
        stack.journal.gone(name, record.id)
        destroyed.append(record.id)
    return Ended(tuple(destroyed), (), tuple(failures))
