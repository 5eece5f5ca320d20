"""A stack gets limits, is extended, is stopped by its host and started again, through the CLI."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from cloud import backends, standing, trap
from cloud.wire import refusal
from moto.ec2.models.instances import StateReason

from mlflow_ops.ec2.instances import BY_ITSELF
from mlflow_ops.lifetime import units

if TYPE_CHECKING:
    from cloud.host import Machine
    from cloud.operator import Laptop, Run
    from cloud.scene import Scene
    from cloud.wire import Answer, Ask, Call

LIMITS = ("--ttl", "8h", "--idle-stop", "2h")
HOUR = 3600


def run(scene: Scene, laptop: Laptop, *words: str, code: int = 0) -> Run:
    """Run a command, which must end with this exit code."""
    ended = scene.operator.run(laptop, *words)
    assert ended.code == code, f"{words}: {ended.output}"
    return ended


def document(scene: Scene, laptop: Laptop, *words: str, code: int = 0) -> Any:  # noqa: ANN401 - one JSON document
    """Return what a command prints as JSON."""
    said = run(scene, laptop, *words, "--json", code=code).output
    return json.loads(said[said.index("{") :].splitlines()[0])


def tag(scene: Scene) -> str:
    """Return the instance's tag that tells the end."""
    return standing.tags(scene.host.need().instance).get("mlflow-ops:stops", "")


def left(scene: Scene) -> float:
    """Return the seconds until the end that the tag tells."""
    end = datetime.strptime(tag(scene), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    return (end - datetime.now(timezone.utc)).total_seconds()


def without_tags(call: Call, ask: Ask) -> Answer:
    """Deny writing tags."""
    if call.operation == "CreateTags":
        return refusal(call, "UnauthorizedOperation", "You are not authorized.", 403)
    return ask()


def test_a_stack_has_no_limit_unless_it_is_given_one(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    told = document(scene, laptop, "status")["lifetime"]
    assert set(told.values()) == {None}
    assert "has no time limit" in run(scene, laptop, "extend", "4h", code=3).output
    assert tag(scene) == ""
    assert not list(scene.host.need().home.folder.rglob("*lifetime*"))


def test_limits_are_armed_kept_extended_and_taken_off_again(scene: Scene) -> None:
    laptop = scene.laptop()
    assert scene.up(laptop, *LIMITS).code == 0
    told = document(scene, laptop, "status")["lifetime"]
    assert 8 * HOUR - 120 < told["left_seconds"] <= 8 * HOUR + 1
    assert told["idle_stop_seconds"] == 2 * HOUR
    assert (tag(scene), "stops in " in run(scene, laptop, "status").output) == (told["until"], True)

    # `up` without them changes nothing of it.
    again: trap.Trap = trap.Trap(10_000, trap.killed_before)
    assert scene.trapped(again, laptop, "up", "--yes").code == 0
    assert not {each for each in again.done if each.endswith(("CreateTags", "Attribute"))}
    assert tag(scene) == told["until"]

    longer = document(scene, laptop, "extend", "1h")
    assert 9 * HOUR - 120 < longer["left_seconds"] <= 9 * HOUR + 1
    assert tag(scene) == longer["until"]
    with scene.cloud.also(without_tags):
        said = run(scene, laptop, "extend", "1h", code=1).output
    assert "is extended, and stops at 20" in said
    assert tag(scene) == longer["until"]
    assert document(scene, laptop, "status")["lifetime"]["left_seconds"] > 9.9 * HOUR
    assert scene.up(laptop, "--ttl", "4h").code == 0
    assert 4 * HOUR - 120 < left(scene) <= 4 * HOUR + 1

    assert scene.up(laptop, "--ttl", "off").code == 0
    told = document(scene, laptop, "status")["lifetime"]
    assert (told["until"], told["idle_stop_seconds"], tag(scene)) == (None, 2 * HOUR, "")
    assert scene.up(laptop, "--idle-stop", "off").code == 0
    assert not list(scene.host.need().home.folder.rglob("*lifetime*"))


def test_a_limit_that_is_over_begins_anew_when_the_stack_is_started(scene: Scene) -> None:
    laptop = scene.laptop()
    assert scene.up(laptop, *LIMITS).code == 0
    machine = scene.host.need()
    home = machine.home.folder
    run(scene, laptop, "stop", "--no-backup")
    assert "gives it time anew" in run(scene, laptop, "extend", "4h", code=3).output
    # As if it had been over before the machine came up again, which is when memory is empty.
    settings = home / units.SETTINGS[1:]
    known = json.loads(settings.read_text())
    settings.write_text(json.dumps({**known, "until": 1_000_000, "set": 900_000}))
    [memory] = home.glob("run/*/memory.json")
    memory.unlink()
    ran_for_ten_hours_and_went_down_after_three(machine)
    run(scene, laptop, "start")
    assert standing.tags(machine.instance)["mlflow-ops:ran"].split()[0] == "10800"
    told = document(scene, laptop, "status")["lifetime"]
    assert told["until"] == tag(scene)
    # The clock of the fake host is this computer's, which came up long ago.
    assert told["until"] > "2026"


def ran_for_ten_hours_and_went_down_after_three(machine: Machine) -> None:
    """Let the instance be one that its own host stopped, which AWS does not tell when."""
    launched = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=10)
    held = backends.ec2("us-east-1").get_instance(machine.instance)
    held.launch_time = launched.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    held.state_reason = StateReason("It has.", BY_ITSELF)
    held._reason = ""  # noqa: SLF001 - moto has no other way
    journal = machine.home.folder / "usr" / "journalctl"
    ended = launched + timedelta(hours=3)
    journal.write_text(f"#!/bin/sh\necho {ended.timestamp():.6f} host systemd[1]: Stopped.\n")
    journal.chmod(0o755)


def test_an_instance_that_its_own_end_would_destroy_gets_no_limit(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    instance = scene.host.need().instance
    ask = {"InstanceId": instance, "Attribute": "instanceInitiatedShutdownBehavior"}
    found = scene.client("ec2").describe_instance_attribute(**ask)
    assert found["InstanceInitiatedShutdownBehavior"]["Value"] == "stop"
    # moto takes ModifyInstanceAttribute for it, and does nothing.
    held = backends.ec2("us-east-1").get_instance(instance)
    held.instance_initiated_shutdown_behavior = "terminate"
    ended = scene.up(laptop, *LIMITS)
    assert ended.code == 1
    assert "--instance-initiated-shutdown-behavior stop" in ended.output
    assert not list(scene.host.need().home.folder.rglob("*lifetime*.json"))


def test_an_up_killed_while_it_arms_the_limits_goes_on(scene: Scene) -> None:
    whole: trap.Trap = trap.Trap(10_000, trap.killed_before)
    laptop = scene.ready_laptop()
    words = ("up", "--yes", *LIMITS)
    assert scene.trapped(whole, laptop, *words).code == 0
    turns = [at for at, what in enumerate(whole.seen, 1) if is_arming(what)]
    assert len(turns) > 3, whole.seen
    for at in (turns[0], turns[len(turns) // 2], turns[-1]):
        assert scene.up(laptop, "--ttl", "off", "--idle-stop", "off").code == 0
        spring: trap.Trap = trap.Trap(at, trap.killed_after)
        assert scene.trapped(spring, laptop, *words).code == -9, spring.where
        assert scene.up(laptop).code == 0, spring.where  # which knows them from the tag
        told = document(scene, laptop, "status")["lifetime"]
        assert (told["idle_stop_seconds"], told["until"]) == (2 * HOUR, tag(scene)), spring.where


@pytest.mark.parametrize("place", [units.SETTINGS, units.PROGRAM])
def test_a_watcher_that_is_damaged_is_told_and_mended(scene: Scene, place: str) -> None:
    laptop = scene.laptop()
    assert scene.up(laptop, *LIMITS).code == 0
    (scene.host.need().home.folder / place[1:]).write_text("")
    told = document(scene, laptop, "status")
    [(state, detail)] = [
        (step["state"], step["detail"]) for step in told["steps"] if step["step"] == "lifetime"
    ]
    assert state == "pending"  # as documents call what is broken
    assert "`mlflow-ops up`" in detail
    assert "no time limit yet: `mlflow-ops up`" in run(scene, laptop, "extend", "1h", code=3).output
    assert scene.up(laptop).code == 0
    told = document(scene, laptop, "status")["lifetime"]
    assert told["idle_stop_seconds"] == 2 * HOUR
    assert 7 * HOUR < left(scene) <= 8 * HOUR + 1


def is_arming(what: str) -> bool:
    """Whether a turn of a run is one of those that arm the limits."""
    return "lifetime" in what or what.endswith(("CreateTags", "Attribute"))


def test_what_is_not_there_is_not_extended(scene: Scene) -> None:
    laptop = scene.laptop()
    assert "no stack" in run(scene, laptop, "extend", "4h", code=3).output
    assert "LENGTH is a time" in run(scene, laptop, "extend", "off", code=2).output
    assert "5 minutes and 365 days" in run(scene, laptop, "extend", "1m", code=2).output
