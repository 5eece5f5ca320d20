"""The instance ends behind our back: `up` brings its data and its shape back on a new one."""

from __future__ import annotations

import signal
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from cloud.operator import Run
from cloud.scene import MAKE
from cloud.wire import Dropped

from mlflow_ops import commands
from mlflow_ops.backup import layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloud.home import Home
    from cloud.host import Result
    from cloud.operator import Laptop
    from cloud.scene import Scene

RUNS = {"experiments": 2, "runs": 12, "models": 3, "users": 2}
FEWER = {**RUNS, "runs": 11}


def terminate(scene: Scene) -> None:
    """End the stack's instance, as somebody does in the console."""
    scene.client("ec2").terminate_instances(InstanceIds=list(scene.holds()["instances"]))


def home(scene: Scene) -> Home:
    """Return the disk of the machine that stands."""
    return scene.host.need().home


def write_stream(scene: Scene, stamp: str) -> None:
    """Leave in the bucket what a continuous backup leaves, of this moment."""
    [bucket] = scene.holds()["buckets"]
    name = f"{'1':0>16}-{'1':0>16}.ltx"
    key = f"{layout.STREAM}/{stamp}/{layout.MLFLOW_DB}/ltx/0000/{name}"
    scene.client("s3").put_object(Bucket=bucket, Key=key, Body=b"changes")


def with_a_backup(scene: Scene) -> Laptop:
    """Return a laptop with a stack, of whose data there is a backup."""
    laptop = scene.ready_laptop()
    home(scene).databases["counts"] = RUNS
    taken = scene.operator.run(laptop, "backup", "mine")
    assert taken.code == 0, taken.output
    return laptop


def test_a_lost_instance_comes_back_with_its_newest_backup(scene: Scene) -> None:
    laptop = with_a_backup(scene)
    terminate(scene)
    run = scene.up(laptop)
    assert run.code == 0, run.output
    assert home(scene).databases["counts"] == RUNS
    said = [line for line in run.output.splitlines() if line.lstrip(" ✓").startswith("database")]
    assert [line.count("12 runs, 3 registered models, 2 users") for line in said] == [1, 0, 0, 1], (
        said
    )
    assert "what was logged after it is not in it" in run.output
    scene.check_ready("the instance was lost", laptop)
    again = scene.up(laptop)
    assert again.code == 0, again.output
    assert "restored from" not in again.output


def test_up_says_how_much_time_was_lost(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    write_stream(scene, home(scene).stream)
    terminate(scene)
    run = scene.up(laptop)
    assert run.code == 0, run.output
    assert "The newest change in the backup is of " in run.output
    assert "s before the instance ended" in run.output or "no time is lost" in run.output


def test_a_fresh_stack_begins_empty_whatever_there_is(scene: Scene) -> None:
    laptop = with_a_backup(scene)
    terminate(scene)
    run = scene.up(laptop, "--fresh")
    assert run.code == 0, run.output
    assert home(scene).databases["counts"] != RUNS
    assert "restored from" not in run.output
    again = scene.up(laptop, "--fresh")
    assert again.code == 0, again.output


def test_a_stack_that_holds_something_is_not_begun_afresh(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    run = scene.up(laptop, "--fresh")
    assert run.code == 2
    assert "has a database already, which --fresh does not replace" in run.output


def test_a_stack_can_begin_with_the_backup_that_is_named(scene: Scene) -> None:
    laptop = with_a_backup(scene)
    home(scene).databases["counts"] = FEWER
    assert scene.operator.run(laptop, "backup", "newer").code == 0
    terminate(scene)
    run = scene.up(laptop, "--restore", "mine")
    assert run.code == 0, run.output
    assert home(scene).databases["counts"] == RUNS
    again = scene.up(laptop, "--restore", "mine")
    assert again.code == 0, again.output
    other = scene.up(laptop, "--restore", "newer")
    assert (other.code, "mlflow-ops restore newer" in other.output) == (2, True), other.output
    assert home(scene).databases["counts"] == RUNS


def test_a_backup_that_is_not_there_stops_up_before_it_makes_anything(scene: Scene) -> None:
    laptop = scene.laptop()
    run = scene.up(laptop, "--restore", "mine")
    assert (run.code, "has no bucket" in run.output) == (2, True), run.output
    both = scene.up(laptop, "--restore", "mine", "--fresh")
    assert both.code == 2, both.output
    scene.check_empty("a wrong --restore", laptop)
    laptop = with_a_backup(scene)
    terminate(scene)
    run = scene.up(laptop, "--restore", "yours")
    assert (run.code, "mine" in run.output) == (2, True), run.output
    assert "instances" not in scene.holds()


def shape(scene: Scene) -> str:
    """Return what the instance's tag says of the stack."""
    [instance] = scene.holds()["instances"]
    told = scene.client("ec2").describe_instances(InstanceIds=[instance])
    tags = told["Reservations"][0]["Instances"][0]["Tags"]
    return str(next(tag["Value"] for tag in tags if tag["Key"] == "mlflow-ops:shape"))


def test_a_lost_stack_comes_back_in_the_shape_that_it_had(scene: Scene) -> None:
    laptop = scene.laptop()
    assert scene.up(laptop, "--artifacts", "direct").code == 0
    before = shape(scene)
    terminate(scene)
    run = scene.up(laptop)
    assert run.code == 0, run.output
    assert shape(scene) == before
    assert scene.down(laptop).code == 0
    assert scene.up(laptop).code == 0
    assert shape(scene) != before, "nothing was left that this shape was of"


@dataclass
class Kill:
    """Kills a run at a command of the keeper's, before or after it is done."""

    what: str
    after: bool
    run: Future[Run]

    def __call__(self, command: str, go: Callable[[], Result]) -> Result:
        """Pass a command on, unless it is the one."""
        if f"keeper.pyz {self.what}" not in command:
            return go()
        if self.after:
            go()
        self.run.result(10).kill()
        raise Dropped


@pytest.mark.parametrize("after", [False, True])
def test_an_up_that_is_killed_while_it_restores_restores_all_of_it(
    scene: Scene,
    after: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    laptop = with_a_backup(scene)
    for what in ("stage", "place", "settle"):
        terminate(scene)
        told: Future[Run] = Future()
        scene.host.passing = Kill(what, after, told)
        begun = scene.operator.start(laptop, "up", "--yes", *MAKE)
        told.set_result(begun)
        assert begun.wait().code == -9, begun.output
        scene.host.passing = None
        run = scene.up(laptop)
        assert run.code == 0, f"{what}: {run.output}"
        assert home(scene).databases["counts"] == RUNS, what
        scene.check_ready(what, laptop)


def test_a_moment_between_changes_is_what_restore_takes(scene: Scene) -> None:
    laptop = with_a_backup(scene)
    write_stream(scene, home(scene).stream)
    later = datetime.now(timezone.utc) + timedelta(days=1)
    run = scene.operator.run(laptop, "restore", later.isoformat(), "--yes")
    assert (run.code, "still to come" in run.output) == (2, True), run.output


@pytest.mark.parametrize(
    ("what", "after", "left"),
    [("place", False, FEWER), ("place", True, RUNS), ("settle", False, RUNS)],
)
def test_up_ends_a_restore_that_was_killed(
    scene: Scene,
    what: str,
    after: bool,  # noqa: FBT001 - a parameter of the test
    left: dict[str, int],
) -> None:
    laptop = with_a_backup(scene)
    home(scene).databases["counts"] = FEWER
    stream, told = home(scene).stream, Future[Run]()
    scene.host.passing = Kill(what, after, told)
    begun = scene.operator.start(laptop, "restore", "mine", "--yes")
    told.set_result(begun)
    assert begun.wait().code == -9, begun.output
    scene.host.passing = None
    run = scene.up(laptop)
    assert run.code == 0, run.output
    scene.check_ready("a restore was killed", laptop)
    assert home(scene).databases["counts"] == left
    assert home(scene).backs_up
    assert home(scene).stream != stream, "no stream goes on with another database"
    assert not (home(scene).folder / "mlflow" / "replaced").exists()


def test_a_restore_says_what_it_has_done_and_the_way_back(scene: Scene) -> None:
    laptop = with_a_backup(scene)
    home(scene).databases["counts"] = FEWER
    run = scene.operator.run(laptop, "restore", "mine", "--yes")
    assert run.code == 0, run.output
    assert "The server holds 12 runs, 3 registered models, 2 users now, as of " in run.output
    [back] = [
        line.split()[-1].strip("`")
        for line in run.output.splitlines()
        if line.startswith("As it was")
    ]
    again = scene.operator.run(laptop, "restore", back, "--yes")
    assert again.code == 0, again.output
    assert home(scene).databases["counts"] == FEWER


def test_a_restore_without_a_name_goes_back_to_the_newest_backup_and_not_to_now(
    scene: Scene,
) -> None:
    laptop = scene.ready_laptop()
    write_stream(scene, home(scene).stream)
    run = scene.operator.run(laptop, "restore", "--yes")
    assert (run.code, "name one" in run.output) == (2, True), run.output
    home(scene).databases["counts"] = RUNS
    assert scene.operator.run(laptop, "backup", "mine").code == 0
    home(scene).databases["counts"] = FEWER
    write_stream(scene, home(scene).stream)
    for _ in range(2):  # what the first has taken aside is newer
        run = scene.operator.run(laptop, "restore", "--yes")
        assert run.code == 0, run.output
        assert "In its place comes the backup mine" in run.output
        assert home(scene).databases["counts"] == RUNS


@dataclass
class AtTheProof:
    """Notes how a restored server stands as it is looked at first, and ends the run then."""

    home: Home
    end: Callable[[], None]
    seen: dict[str, object] = field(default_factory=dict)

    def __call__(self, command: str, go: Callable[[], Result]) -> Result:
        """Pass a command on, until the server with the backup was started."""
        answer = go()
        if self.home.databases["counts"] == RUNS and self.home.serves and not self.seen:
            backs_up = self.home.backs_up
            self.seen |= {"backs_up": backs_up, "stream": backs_up and self.home.stream}
            self.end()
        return answer


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_restore_that_is_ended_in_its_proof_leaves_no_server_without_a_backup(
    scene: Scene, how: signal.Signals
) -> None:
    laptop = with_a_backup(scene)
    home(scene).databases["counts"] = FEWER
    stream, told = home(scene).stream, Future[Run]()
    proof = scene.host.passing = AtTheProof(home(scene), lambda: told.result(10).send(how))
    begun = scene.operator.start(laptop, "restore", "mine", "--yes")
    told.set_result(begun)
    begun.wait()
    scene.host.passing = None
    assert proof.seen["backs_up"], "what it takes in while it is looked at has no backup"
    assert str(proof.seen["stream"]) > stream
    assert home(scene).serves
    assert home(scene).backs_up
    if how != signal.SIGKILL:
        assert begun.code not in {0, -how}, begun.output
        assert home(scene).databases["counts"] == FEWER
        assert home(scene).stream > str(proof.seen["stream"]), "the newest is of what is back"
        assert not (home(scene).folder / "mlflow" / "replaced").exists()
    run = scene.up(laptop)
    assert run.code == 0, run.output
    assert home(scene).databases["counts"] == (RUNS if how == signal.SIGKILL else FEWER)
    scene.check_ready("a restore was ended", laptop)


def test_a_restore_waits_for_the_end_of_an_upgrade_that_broke_off(scene: Scene) -> None:
    laptop = with_a_backup(scene)
    note = home(scene).folder / commands.UPGRADING
    note.write_text("placing 3.16.1-0123456789ab 3.17.2-0123456789ab\n")
    home(scene).databases["counts"] = FEWER
    run = scene.operator.run(laptop, "restore", "mine", "--yes")
    assert (run.code, "`mlflow-ops upgrade`" in run.output) == (3, True), run.output
    assert home(scene).databases["counts"] == FEWER
    assert home(scene).serves
