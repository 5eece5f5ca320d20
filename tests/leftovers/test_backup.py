"""The continuous backup as the commands see it: begun, repaired, and told of by `status`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_ops.backup import layout, litestream, units

if TYPE_CHECKING:
    from cloud.operator import Laptop
    from cloud.scene import Scene

LATE = {"behind": 125.0, "why": "changes of mlflow.db are not followed"}
UNREACHABLE = {"behind": None, "why": "changes of mlflow.db do not reach the bucket"}


def told(scene: Scene, laptop: Laptop) -> tuple[Any, str]:
    """Return what `status --json` prints, and what it says besides."""
    run = scene.operator.run(laptop, "status", "--json")
    assert run.code == 0, run.output
    said, _, document = run.output.partition("\n{")
    return json.loads(f"{{{document}"), said


def test_up_begins_a_stream_now_and_another_up_leaves_it_alone(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    home = scene.host.need().home
    stream = home.stream
    assert layout.moment(stream)
    assert home.backs_up
    scene.host.commands.clear()
    assert scene.up(laptop).code == 0
    assert home.stream == stream
    assert not [each for each in scene.host.commands if "restart" in each]


def test_status_tells_how_far_the_backup_is_behind(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    document, said = told(scene, laptop)
    stream = scene.host.need().home.stream
    assert document["backup"] == {
        "stream": stream,
        "behind_seconds": 0.0,
        "stale": False,
        "daily_failed": False,
    }
    assert "Warning" not in said


def test_a_daily_backup_that_failed_is_a_warning_until_one_succeeds(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    home = scene.host.need().home
    mark = home.folder / f".failed-{units.DAILY}.service"
    mark.touch()
    document, said = told(scene, laptop)
    assert (document["state"], document["backup"]["daily_failed"]) == ("ready", True)
    assert "Warning: the last daily backup on the host failed" in said
    assert "`mlflow-ops backup`" in said
    assert "disk" in said
    mark.unlink()
    document, said = told(scene, laptop)
    assert document["backup"]["daily_failed"] is False
    assert "Warning" not in said


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (LATE, "125 s behind, changes of mlflow.db are not followed"),
        (UNREACHABLE, "changes of mlflow.db do not reach the bucket"),
    ],
    ids=["late", "unreachable"],
)
def test_a_stale_backup_is_a_warning_and_the_stack_is_ready_for_all_that(
    scene: Scene, answer: dict[str, object], words: str
) -> None:
    laptop = scene.ready_laptop()
    scene.host.need().home.synced = answer
    document, said = told(scene, laptop)
    assert document["state"] == "ready"
    assert document["backup"]["stale"] is True
    assert document["backup"]["behind_seconds"] == answer["behind"]
    assert f"Warning: the backup is stale: {words}" in said
    again = scene.up(laptop)  # whose user wants a server above all
    assert again.code == 0, again.output
    assert "stale" in again.output


@pytest.mark.parametrize(
    "file", [units.SCRIPT.script, units.CONFIG, litestream.LOCK, units.KEEPER_SETTINGS]
)
def test_what_is_lost_of_it_on_the_host_up_puts_back(scene: Scene, file: str) -> None:
    laptop = scene.ready_laptop()
    home = scene.host.need().home
    before = home.stream
    (home.folder / file).unlink(missing_ok=True)  # there is no script where systemd is
    scene.host.commands.clear()
    assert scene.up(laptop).code == 0
    assert home.backs_up
    # Without its settings nobody knows what the stream holds.
    if begun := any(litestream.FORGET in each for each in scene.host.commands):
        before = home.stream  # which may be of the same second
    assert (home.stream, begun) == (before, file == units.CONFIG)


def test_a_backup_that_has_ended_is_started_again_in_its_stream(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    home = scene.host.need().home
    before = home.stream
    (home.folder / ".active-mlflow-backup").unlink()
    assert scene.up(laptop).code == 0
    assert (home.backs_up, home.stream) == (True, before)


def test_another_access_key_reaches_the_backup_and_the_server(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    for user in scene.client("iam").list_users()["Users"]:
        name = user["UserName"]
        for key in scene.client("iam").list_access_keys(UserName=name)["AccessKeyMetadata"]:
            scene.client("iam").delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    scene.host.commands.clear()
    assert scene.up(laptop).code == 0
    restarted = [each for each in scene.host.commands if "restart" in each]
    assert any(f"restart {units.UNIT}" in each for each in restarted)
    assert any("restart mlflow-server" in each for each in restarted)
