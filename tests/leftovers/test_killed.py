"""Killed anywhere, by SIGKILL: nothing is left behind, and nothing is made twice."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from cloud import trap
from cloud.scene import MAKE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cloud.operator import Laptop
    from cloud.scene import Scene

    Killed = tuple[Laptop, str]

FEWEST = 30
UNSEEN = 4
UP, DOWN = ("up", "--yes", *MAKE), ("down", "--yes")
KILLS = (trap.killed_before, trap.killed_after)


def killed(
    scene: Scene, words: tuple[str, ...], laptop_of: Callable[[], Laptop]
) -> Iterator[Killed]:
    """Kill a run at each position in turn, before and after it, and yield each way it was left.

    What follows depends on what the run has done and on the files it has left alone; so a state
    like one that was there before is cleared away and not yielded again.
    """
    known: set[str] = set()
    # What was launched just before a kill shows later than what the next run looks for first.
    scene.cloud.states.unseen = UNSEEN
    for kill in KILLS:
        seen: list[str] = []
        for position in count(1):
            scene.afresh()
            laptop = laptop_of()
            spring: trap.Trap = trap.Trap(position, kill)
            run = scene.trapped(spring, laptop, *words)
            if not spring.sprung:
                assert run.code == 0, run.output
                assert position > FEWEST
                scene.wipe(laptop)
                break
            assert spring.seen[:-1] == seen, "no position is missed when runs are all alike"
            seen = spring.seen
            where = f"{' '.join(words)} {kill.__name__} {spring.where}"
            assert run.code == -9, f"{where}: {run.code} {run.output}"
            state = scene.left_by(spring, laptop)
            if state in known:
                scene.wipe(laptop)
            else:
                known.add(state)
                yield laptop, where
    assert len(known) > FEWEST / 2


def test_an_up_killed_anywhere_leaves_nothing_that_down_does_not_find(scene: Scene) -> None:
    for laptop, where in killed(scene, UP, scene.laptop):
        ended = scene.down(laptop)
        assert ended.code == 0, f"{where}: {ended.output}"
        scene.check_empty(where, laptop)


def test_an_up_killed_anywhere_goes_on_and_makes_nothing_twice(scene: Scene) -> None:
    for laptop, where in killed(scene, UP, scene.laptop):
        ended = scene.up(laptop)
        assert ended.code == 0, f"{where}: {ended.output}"
        scene.check_ready(where, laptop)
        scene.wipe(laptop)


def test_a_down_killed_anywhere_goes_on_until_nothing_is_left(scene: Scene) -> None:
    for laptop, where in killed(scene, DOWN, scene.ready_laptop):
        ended = scene.down(laptop)
        assert ended.code == 0, f"{where}: {ended.output}"
        scene.check_empty(where, laptop)
