"""Killed anywhere, by SIGKILL: nothing is left behind, and nothing is made twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cloud import trap
from cloud.scene import MAKE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cloud.operator import Laptop
    from cloud.scene import Scene

    Way = tuple[int, Callable[..., Any]]

FEWEST = 15
PARTS = 2
UNSEEN = 4
UP, DOWN = ("up", "--yes", *MAKE), ("down", "--yes")


def ways(scene: Scene, words: tuple[str, ...], laptop: Laptop, *, host: bool) -> list[Way]:
    """Return the kills that leave each something else, by a run that nobody kills.

    What follows depends on what the run has done and on the files it has left alone: at a question
    that it asks, it leaves nothing but what it had left before.
    """
    found: dict[str, Way] = {}

    def note(trap_: trap.Trap, go: Callable[[], Any]) -> Any:  # noqa: ANN401 - the answer, whatever it is
        at = len(trap_.seen)
        found.setdefault(scene.left_by(trap_, laptop, host=host), (at, trap.killed_before))
        answer = go()
        found.setdefault(scene.left_by(trap_, laptop, host=host), (at, trap.killed_after))
        return answer

    run = scene.trapped(trap.Trap(trap.EACH, note), laptop, *words)
    assert run.code == 0, run.output
    scene.wipe(laptop)
    assert len(found) > FEWEST
    return list(found.values())


def killed(
    scene: Scene,
    words: tuple[str, ...],
    laptop_of: Callable[[], Laptop],
    part: int = 0,
    *,
    host: bool = True,
) -> Iterator[tuple[Laptop, str]]:
    """Kill a run in each of these ways, or in every PARTS-th, and yield how it was left."""
    # What was launched just before a kill shows later than what the next run looks for first.
    scene.cloud.states.unseen = UNSEEN
    seen: list[str] = []
    scene.afresh()
    for position, kill in ways(scene, words, laptop_of(), host=host)[part :: PARTS if host else 1]:
        scene.afresh()
        laptop = laptop_of()
        spring: trap.Trap = trap.Trap(position, kill)
        run = scene.trapped(spring, laptop, *words)
        assert spring.seen[: len(seen)] == seen[: len(spring.seen)], "runs are all alike"
        seen = max(seen, spring.seen, key=len)
        where = f"{' '.join(words)} {kill.__name__} {spring.where}"
        assert run.code == -9, f"{where}: {run.code} {run.output}"
        yield laptop, where


def test_an_up_killed_anywhere_leaves_nothing_that_down_does_not_find(scene: Scene) -> None:
    # The host goes, whatever was done there.
    for laptop, where in killed(scene, UP, scene.laptop, host=False):
        ended = scene.down(laptop)
        assert ended.code == 0, f"{where}: {ended.output}"
        scene.check_empty(where, laptop)


@pytest.mark.parametrize("part", range(PARTS))  # beside each other
def test_an_up_killed_anywhere_goes_on_and_makes_nothing_twice(scene: Scene, part: int) -> None:
    for laptop, where in killed(scene, UP, scene.laptop, part):
        ended = scene.up(laptop)
        assert ended.code == 0, f"{where}: {ended.output}"
        scene.check_ready(where, laptop)
        scene.wipe(laptop)


def test_a_down_killed_anywhere_goes_on_until_nothing_is_left(scene: Scene) -> None:
    for laptop, where in killed(scene, DOWN, scene.ready_laptop, host=False):
        ended = scene.down(laptop)
        assert ended.code == 0, f"{where}: {ended.output}"
        scene.check_empty(where, laptop)
