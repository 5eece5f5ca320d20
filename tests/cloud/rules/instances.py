"""What several rules do with instances: name, set and hide them, and tell of a change."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cloud import backends, wire

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cloud.wire import Answer

LAUNCHED = re.compile(rb"<instanceId>(i-[0-9a-f]+)</instanceId>")
CODES = {"pending": 0, "running": 16, "shutting-down": 32, "stopping": 64}
CHANGED = (
    "<{name}Response><requestId>strict</requestId><instancesSet>{items}</instancesSet>"
    "</{name}Response>"
)
ITEM = (
    "<item><instanceId>{id}</instanceId>"
    "<currentState><code>{code}</code><name>{now}</name></currentState>"
    "<previousState><code>{old_code}</code><name>{old}</name></previousState></item>"
)


def launched(answer: Answer) -> list[str]:
    """Return the instances that an answer to RunInstances tells of; none when it is a refusal."""
    return [one.decode() for one in LAUNCHED.findall(answer.body)] if answer.good else []


def enter(instance: Any, state: str) -> None:  # noqa: ANN401 - moto has no types
    """Set an instance's state; one that EC2 has no code for is none of moto's."""
    if state in CODES:
        instance._state.name, instance._state.code = state, CODES[state]  # noqa: SLF001 - moto has no way in


def item(instance: Any, state: str) -> str:  # noqa: ANN401 - likewise
    """Tell how an instance comes from the state it is in to the next one."""
    now = {"id": instance.id, "code": CODES[state], "now": state}
    return ITEM.format(**now, old=instance.state, old_code=instance.state_code)


def changed(operation: str, items: Iterable[str]) -> Answer:
    """Return EC2's answer to StopInstances or TerminateInstances."""
    return wire.answer(CHANGED.format(name=operation, items="".join(items)))


@contextmanager
def without(region: str, hidden: Iterable[str]) -> Iterator[None]:
    """Hide instances from moto's own eyes."""
    backend, unseen = backends.ec2(region), set(hidden)
    whole = backend.reservations
    if unseen:
        seen = {k: r for k, r in whole.items() if not {i.id for i in r.instances} & unseen}
        backend.reservations = seen
    try:
        yield
    finally:
        backend.reservations = whole
