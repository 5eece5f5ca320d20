"""What `down --dry-run` tells is what `down` then does, and telling it does nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from cloud.plans import done_on, heard, planned

from mlflow_ops.backup import leaving

if TYPE_CHECKING:
    from cloud.scene import Scene

# What the lock takes.
LOCK = {"ec2:ImportKeyPair", "ec2:CreateTags", "ec2:DeleteKeyPair"}


@pytest.mark.parametrize("keep", [(), ("--keep-data",)])
def test_down_makes_the_calls_that_its_plan_has_named_in_that_order(
    scene: Scene, keep: tuple[str, ...]
) -> None:
    laptop = scene.laptop()
    assert scene.up(laptop, "--elastic-ip").code == 0
    plan = planned(scene, laptop, "down", *keep)
    named = [(row["step"], call) for row in plan["plan"] for call in row["calls"]]
    scene.host.commands.clear()
    scene.host.fed.clear()
    with heard(scene) as calls:
        assert scene.down(laptop, *keep).code == 0
    told_ = [each["run"] for each in plan["commands"]]
    changing = [command for command, _ in done_on(scene) if command != leaving.HAS_DATABASE]
    assert told_ == changing
    assert bool(told_) == bool(keep)
    made = [f"{call.service}:{call.operation}" for call in calls]
    steps = [call for _, call in named]
    told_calls = set(steps) | set(LOCK) | ({"s3:PutBucketTagging"} if keep else set())
    assert set(made) <= told_calls
    rest = [call for call in dict.fromkeys(made) if call in steps and call not in LOCK]
    skipped = {"s3:DeleteObjects", "s3:AbortMultipartUpload"} - set(made)
    assert rest == [call for call in steps if call not in LOCK | skipped]
    assert plan["would_destroy"]
    assert plan["usd_month"] == pytest.approx(11.88, abs=0.1)
    assert bool(plan["kept"]) == bool(keep)
    assert plan["holds"]["runs"] == 0


def test_a_plan_of_down_says_what_is_lost_what_it_saves_and_what_stays(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    said = scene.operator.run(laptop, "down", "--dry-run").output
    assert re.search(r"instance +ec2:TerminateInstances; saves \d+\.\d\d USD a month", said)
    assert "aws_profile     this machine's files alone" in said
    assert "With it go 0 runs" in said
    kept = scene.operator.run(laptop, "down", "--dry-run", "--keep-data").output
    assert re.search("The bucket mlflow-ops-.* stays after a last backup, marked by s3:Put", kept)
    assert ("systemctl stop mlflow-server" in kept, "nothing is run" in kept) == (True, False)
    assert '"kind": "kept"' in kept  # what the keeper is fed
    assert ("nothing is run" in said, "0.00 USD" in said) == (True, False)
    nothing = scene.begin().operator.run(scene.laptop(), "down", "--dry-run")
    assert (nothing.code, "There is nothing to remove." in nothing.output) == (0, True)


def test_a_last_backup_that_cannot_be_taken_is_told_before_anybody_says_yes(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    [instance] = scene.holds()["instances"]
    scene.client("ec2").stop_instances(InstanceIds=[instance])
    planned_ = scene.operator.run(laptop, "down", "--dry-run", "--keep-data")
    done = scene.down(laptop, "--keep-data")
    for run in (planned_, done):
        assert (run.code, "The last backup cannot be taken" in run.output) == (1, True), run.output
    assert "after a last backup" not in planned_.output
    assert "Nothing was changed." in planned_.output
