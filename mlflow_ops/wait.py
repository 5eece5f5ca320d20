"""The one loop that waits, and the only place that sleeps."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mlflow_ops.errors import TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


@dataclass(frozen=True)
class Clock:
    """The time and the way to let it pass, both in seconds."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


CLOCK = Clock()


def until(  # noqa: PLR0913 - every argument after the second is keyword-only and has a default but one
    what: str,
    check: Callable[[], T | None],
    *,
    deadline: float,
    pause: float = 0.2,
    longest: float = 5.0,
    clock: Clock = CLOCK,
) -> T:
    """Call `check` until it returns something other than None or False, and return that.

    The pause between two calls grows by half each time from `pause` to `longest`; all are
    seconds. Raises TimedOut, saying `what` was waited for, once `deadline` seconds are over.
    """
    end = clock.now() + deadline
    while not (answer := check()):
        left = end - clock.now()
        if left <= 0:
            raise TimedOut(f"Gave up waiting for {what} after {deadline:.0f} s.")
        clock.sleep(min(pause, left))
        pause = min(pause * 1.5, longest)
    return answer


@contextmanager
def every(pause: float, do: Callable[[], None]) -> Iterator[None]:
    """Call `do` every `pause` seconds, beside whatever happens while the context lasts."""
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(pause):
            do()

    threading.Thread(target=repeat, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def at_most(seconds: float, do: Callable[[], object]) -> bool:
    """Let `do` try for this long, and go on without it then; return whether it was done.

    What it raises is dropped.
    """
    done = threading.Event()

    def attempt() -> None:
        with suppress(Exception):
            do()
            done.set()

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(seconds)
    return done.is_set()
