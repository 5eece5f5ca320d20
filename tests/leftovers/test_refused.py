"""AWS says no in the middle of a run: it is said in one sentence, and nothing is lost by it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cloud import faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloud.scene import Scene
    from cloud.server import StrictCloud


def no_vcpus(cloud: StrictCloud) -> None:
    """Have a quota that is used up, though Service Quotas promises more."""
    cloud.capacity.vcpus, cloud.quotas.promised = 0, 32


def no_room(cloud: StrictCloud) -> None:
    """Have no zone with room."""
    cloud.capacity.out = {f"us-east-1{zone}" for zone in "abcdef"}


@pytest.mark.parametrize("number", [3, 9, 15, 21, 27, 33])
def test_a_session_that_is_over_in_mid_run_is_said_and_the_next_run_goes_on(
    scene: Scene, number: int
) -> None:
    laptop = scene.laptop()
    over = faults.expired(number)
    with scene.cloud.also(over):
        run = scene.up(laptop)
    assert over.met
    assert run.code == 1
    assert "credentials have expired: sign in again" in run.output
    assert "Traceback" not in run.output
    again = scene.up(laptop)
    assert again.code == 0, again.output
    scene.check_ready(f"expired at {number}", laptop)
    with scene.cloud.also(faults.expired(number)):
        ended = scene.down(laptop)
    assert ended.code != 0
    assert "have expired" in ended.output
    ended = scene.down(laptop)
    assert ended.code == 0, ended.output
    scene.check_empty(f"expired at {number}", laptop)


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (
            no_vcpus,
            ("L-1216C47A", "aws service-quotas request-service-quota-increase", "us-east-1"),
        ),
        (no_room, ("us-east-1a", "us-east-1b", "t3.micro", "--instance-type")),
    ],
)
def test_a_limit_is_named_with_its_cure_and_what_was_made_goes(
    scene: Scene, limit: Callable[[StrictCloud], Any], words: tuple[str, ...]
) -> None:
    laptop = scene.laptop()
    limit(scene.cloud)
    run = scene.up(laptop)
    assert run.code == 1
    for word in words:
        assert word in run.output, run.output
    assert "To go on: mlflow-ops up" in run.output
    assert scene.down(laptop).code == 0
    scene.check_empty(limit.__name__, laptop)


def test_a_denied_action_is_named_with_what_prints_the_policy(scene: Scene) -> None:
    laptop = scene.laptop()
    with scene.cloud.also(faults.denying("CreateSecurityGroup")):
        run = scene.up(laptop)
    assert run.code == 1
    assert "ec2:CreateSecurityGroup" in run.output
    assert "mlflow-ops policy" in run.output
    assert scene.up(laptop).code == 0
    scene.check_ready("denied once", laptop)
