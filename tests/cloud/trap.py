"""What happens to a run at its n-th call to AWS or command on the host."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from .rules.states import QUESTIONS
from .wire import Dropped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .host import Host, Result
    from .operator import Run
    from .server import StrictCloud
    from .wire import Answer, Ask, Call

T = TypeVar("T")
PATIENCE = 10.0
HURRY = 5.0
READS = ("Describe", "Get", "List", "Head")
EACH, NEVER = -1, 0
HOST = "on the host: "


@dataclass
class Trap:
    """Counts what runs ask of AWS and of the host, from 1, and does its `deed` at position `at`.

    `at` may be EACH of them, or NEVER. `seen` names each position, and `done` all that has changed
    something so far, on AWS or on the disk of the `host`; `run` is to be told which run is meant
    as soon as it has begun. `stopped` tells whether Ctrl-C has ended it.
    """

    at: int
    deed: Callable[[Trap, Callable[[], T]], T]
    run: Future[Run] = field(default_factory=Future)
    seen: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    stopped: Future[bool] = field(default_factory=Future)
    host: Host | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sprung(self) -> bool:
        """Whether the run has come so far."""
        return len(self.seen) >= self.at

    @property
    def where(self) -> str:
        """The position, in words."""
        return f"position {self.at} ({self.seen[self.at - 1] if self.sprung else 'not reached'})"

    def rule(self, call: Call, ask: Ask) -> Answer:
        """Count a call to AWS."""
        if not call.ours:
            return ask()

        def noted() -> Answer:
            answer = ask()
            if moves_time(call) or (answer.good and not call.operation.startswith(READS)):
                self.done.append(call.operation)
            return answer

        return self._pass(str(call), noted)

    def passing(self, command: str, go: Callable[[], Result]) -> Result:
        """Count a command on the host."""

        def noted() -> Result:
            before = self._disk()
            result = go()
            if self._disk() != before:
                self.done.append(f"{HOST}{command}")
            return result

        return self._pass(f"{HOST}{command[-60:]}", noted)

    def _disk(self) -> object:
        machine = self.host.live if self.host else None
        return machine and machine.home.disk

    def _pass(self, what: str, go: Callable[[], T]) -> T:
        with self._lock:
            self.seen.append(what)
            here = self.at in {len(self.seen), EACH}
        return self.deed(self, go) if here else go()

    @contextmanager
    def set_on(self, cloud: StrictCloud, host: Host) -> Iterator[Trap]:
        """Lie in wait while the context lasts."""
        self.host, host.passing = host, self.passing
        try:
            with cloud.also(self.rule):
                yield self
        finally:
            host.passing = None


def moves_time(call: Call) -> bool:
    """Whether instances come further by this question, in the strict cloud."""
    return call.operation in QUESTIONS


def killed_before(trap: Trap, go: Callable[[], T]) -> T:  # noqa: ARG001 - it is not to be done
    """Kill the run before what it asked for is done."""
    trap.run.result(PATIENCE).kill()
    raise Dropped


def killed_after(trap: Trap, go: Callable[[], T]) -> T:
    """Kill the run when what it asked for is done, and it has not heard of it."""
    go()
    return killed_before(trap, go)


def interrupted(trap: Trap, go: Callable[[], T]) -> T:
    """Press Ctrl-C, and answer only when the run has ended or has not for five seconds."""
    run = trap.run.result(PATIENCE)
    run.send(signal.SIGINT)
    trap.stopped.set_result(run.ended.wait(HURRY))
    return go()


def interrupted_soon(trap: Trap, go: Callable[[], T]) -> T:
    """Answer, and press Ctrl-C when the run waits again."""
    answer = go()
    threading.Timer(0.1, interrupted, [trap, lambda: None]).start()
    return answer


@dataclass
class Stop:
    """Holds a run at a position, from the moment it gets `there` until it may go `on`."""

    there: threading.Event = field(default_factory=threading.Event)
    on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, trap: Trap, go: Callable[[], T]) -> T:
        """Wait, and then let it go on."""
        self.there.set()
        self.on.wait(PATIENCE)
        return go()
