"""Two at once: one goes ahead, the other says who holds the stack; the dead hold it briefly."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from cloud import trap
from cloud.scene import MAKE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cloud.operator import Laptop, Run
    from cloud.scene import Scene

UP, DOWN = ("up", "--yes", *MAKE), ("down", "--yes")
BEHIND_THE_LOCK = 12
LEASE = 180  # seconds
WHO_AND_SINCE = re.compile(r"by \S+@\S+.*, since \d{4}-\d\d-\d\d.\d\d:\d\d:\d\d")


@contextmanager
def at_work(scene: Scene, laptop: Laptop, *words: str) -> Iterator[Run]:
    """Stop a run in the middle of its work, and let it go on at the end."""
    stop = trap.Stop()
    middle: trap.Trap = trap.Trap(BEHIND_THE_LOCK, stop)
    with middle.set_on(scene.cloud, scene.host):
        run = scene.operator.start(laptop, *words)
        assert stop.there.wait(trap.PATIENCE)
        try:
            yield run
        finally:
            stop.on.set()
            run.wait()


@pytest.mark.parametrize("second", [UP, DOWN])
@pytest.mark.parametrize("first", [UP, DOWN])
@pytest.mark.parametrize("homes", [1, 2])
def test_one_goes_ahead_and_the_other_says_who_holds_the_stack(
    scene: Scene, first: tuple[str, ...], second: tuple[str, ...], homes: int
) -> None:
    laptop = scene.laptop() if first == UP else scene.ready_laptop()
    other = laptop if homes == 1 else scene.laptop()
    with at_work(scene, laptop, *first) as ahead:
        refused = scene.operator.run(other, *second)
        assert refused.code == 1, refused.output
        assert WHO_AND_SINCE.search(refused.output), refused.output
        assert f"mlflow-ops {first[0]}" in refused.output, refused.output
    assert ahead.code == 0, ahead.output
    if first == UP:
        scene.check_ready("up", laptop)
        assert len(scene.host.launched) == 1
    if homes == 2:  # who was refused has written nothing
        assert not other.ops.exists()
    ended = scene.down(laptop)
    assert ended.code == 0, ended.output
    scene.check_empty("down", laptop)


def test_nothing_is_exported_while_another_takes_it_away(scene: Scene, tmp_path: Path) -> None:
    laptop = scene.ready_laptop()
    with at_work(scene, laptop, *DOWN) as ahead:
        refused = scene.operator.run(laptop, "export", str(tmp_path / "all"))
        assert refused.code == 1, refused.output
        assert WHO_AND_SINCE.search(refused.output), refused.output
        assert not (tmp_path / "all").exists()
    assert ahead.code == 0, ahead.output


def killed_at_work(scene: Scene) -> Laptop:
    """Return the laptop of an `up` that was killed in the middle of its work."""
    laptop = scene.laptop()
    middle: trap.Trap = trap.Trap(BEHIND_THE_LOCK, trap.killed_before)
    assert scene.trapped(middle, laptop, *UP).code == -9
    return laptop


def test_the_laptop_of_a_killed_run_goes_on_at_once(scene: Scene) -> None:
    laptop = killed_at_work(scene)
    ended = scene.up(laptop)
    assert ended.code == 0, ended.output
    scene.check_ready("up", laptop)


@pytest.mark.parametrize("words", [UP, DOWN])
def test_another_laptop_goes_on_once_the_dead_runs_lease_is_over(
    scene: Scene, words: tuple[str, ...]
) -> None:
    killed_at_work(scene)
    other = scene.laptop()
    refused = scene.operator.run(other, *words, AHEAD=f"{LEASE / 2}")
    assert refused.code == 1, refused.output
    assert WHO_AND_SINCE.search(refused.output), refused.output
    ended = scene.operator.run(other, *words, AHEAD=f"{LEASE * 1.5}")
    assert ended.code == 0, ended.output
    if words == UP:
        scene.check_ready("up", other)
    else:
        scene.check_empty("down", other)
