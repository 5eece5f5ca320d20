"""Doing one thing to many, a few at once."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

A = TypeVar("A")
T = TypeVar("T")
WORKERS = 4


def at_once(work: Callable[[T], A], things: Iterable[T], workers: int = WORKERS) -> Iterator[A]:
    """Yield what `work` answers for each thing, in any order, while so many are in work.

    Takes no more of `things` than are soon worked on. Raises the first error of `work`.
    """
    todo: SimpleQueue[T | None] = SimpleQueue()
    done: SimpleQueue[tuple[A, None] | tuple[None, BaseException]] = SimpleQueue()
    for _ in range(workers):
        # Daemons, since nobody who stops the command wants to wait for AWS's answer.
        Thread(target=_work, args=(work, todo, done), daemon=True).start()
    waiting = 0
    try:
        for thing in things:
            todo.put(thing)
            waiting += 1
            if waiting >= 2 * workers:
                yield _answer(done)
                waiting -= 1
        for _ in range(waiting):
            yield _answer(done)
    finally:
        for _ in range(workers):
            todo.put(None)


def _work(work: Callable[[T], A], todo: SimpleQueue[T | None], done: SimpleQueue[object]) -> None:
    while (thing := todo.get()) is not None:
        try:
            done.put((work(thing), None))
        except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is awaited
            done.put((None, error))


def _answer(done: SimpleQueue[tuple[A, None] | tuple[None, BaseException]]) -> A:
    answer, error = done.get()
    if error:
        raise error
    return answer  # type: ignore[return-value]  # without an error there is an answer
