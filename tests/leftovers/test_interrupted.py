"""Ctrl-C anywhere: the run ends at once, and says what stands and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cloud import trap
from cloud.scene import MAKE

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloud.scene import Scene

UP, DOWN = ("up", "--yes", *MAKE), ("down", "--yes")


def position_of(scene: Scene, what: str, *words: str) -> int:
    """Return at which position a run on a new laptop does this, and clear away what it made."""
    never: trap.Trap = trap.Trap(0, trap.killed_before)
    laptop = scene.laptop() if words == UP else scene.ready_laptop()
    assert scene.trapped(never, laptop, *words).code == 0
    scene.wipe(laptop)
    return 1 + next(index for index, seen in enumerate(never.seen) if what in seen)


@pytest.mark.parametrize(
    ("words", "what", "deed"),
    [
        (UP, "ec2:DescribeVpcs", trap.interrupted),
        (UP, "s3:CreateBucket", trap.interrupted),
        (UP, "ec2:RunInstances", trap.interrupted),
        (UP, "ec2:DescribeInstanceStatus", trap.interrupted_soon),
        (UP, "pipenv virtualenv", trap.interrupted),
        (UP, "systemctl restart", trap.interrupted),
        (DOWN, "ec2:TerminateInstances", trap.interrupted),
        (DOWN, "s3:DeleteBucket", trap.interrupted),
        (DOWN, "iam:DeleteUser", trap.interrupted),
    ],
)
def test_ctrl_c_ends_a_run_at_once_with_a_word_on_what_to_do(
    scene: Scene, words: tuple[str, ...], what: str, deed: Callable[..., Any]
) -> None:
    position = position_of(scene, what, *words)
    laptop = scene.laptop() if words == UP else scene.ready_laptop()
    pressed: trap.Trap = trap.Trap(position, deed)
    waits = {"REAL_TIME": "1"} if deed is trap.interrupted_soon else {}
    scene.cloud.states.pending = 1000 if waits else scene.cloud.states.pending
    run = scene.trapped(pressed, laptop, *words, **waits)
    assert pressed.stopped.result(trap.PATIENCE), run.output
    assert run.code == 1, run.output
    assert "Interrupted" in run.output
    assert "Traceback" not in run.output
    if what != "ec2:DescribeVpcs":  # when nothing stands yet
        assert "tand" in run.output
        assert f"To go on: mlflow-ops {words[0]}" in run.output
        assert "mlflow-ops down" in run.output
    scene.cloud.states.pending = 1
    ended = scene.down(laptop)
    assert ended.code == 0, ended.output
    scene.check_empty(what, laptop)
