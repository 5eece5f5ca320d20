"""No local files, or another laptop: the tags in the account are enough to go on from."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cloud.operator import Laptop
    from cloud.scene import Scene


ELSEWHERE = pytest.mark.parametrize("where", ["without its files", "on another laptop"])


def elsewhere(scene: Scene, laptop: Laptop, where: str) -> Laptop:
    """Return a laptop to go on from, without local files."""
    if where == "on another laptop":
        return scene.laptop()
    shutil.rmtree(laptop.ops)
    return laptop


@ELSEWHERE
def test_status_needs_no_local_files_and_makes_none(scene: Scene, where: str) -> None:
    laptop = elsewhere(scene, scene.ready_laptop(), where)
    run = scene.operator.run(laptop, "status", "--json")
    assert run.code == 0, run.output
    told = json.loads(run.output[run.output.index("{") :])
    assert told["state"] == "ready"
    assert not laptop.ops.exists()


@ELSEWHERE
def test_down_needs_no_local_files(scene: Scene, where: str) -> None:
    first = scene.ready_laptop()
    laptop = elsewhere(scene, first, where)
    run = scene.down(laptop)
    assert run.code == 0, run.output
    scene.check_empty("down", laptop)
    run = scene.down(first)
    assert run.code == 0, run.output
    scene.check_empty("down on the laptop that made the stack", first)


@ELSEWHERE
def test_up_without_local_files_goes_on_with_the_same_machine(scene: Scene, where: str) -> None:
    first = scene.ready_laptop()
    before = scene.holds()
    laptop = elsewhere(scene, first, where)
    run = scene.up(laptop)
    assert run.code == 0, run.output
    scene.check_ready("up again", laptop)
    assert scene.holds()["instances"] == before["instances"]
    assert len(scene.host.launched) == 1
    status = scene.operator.run(laptop, "status")
    assert status.code == 0, status.output
    run = scene.down(laptop)
    assert run.code == 0, run.output
    scene.check_empty("down", laptop)


def test_two_laptops_can_take_turns(scene: Scene) -> None:
    first = scene.ready_laptop()
    second = scene.laptop()
    for laptop in (second, first, second):
        run = scene.up(laptop)
        assert run.code == 0, run.output
        scene.check_ready("a turn", laptop)
    assert len(scene.host.launched) == 1
