"""`backup` and `backups`, with a stack and without one."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from mlflow_ops.backup import layout
from mlflow_ops.backup.archive import Archive, Entry

if TYPE_CHECKING:
    from pathlib import Path

    from cloud.operator import Laptop
    from cloud.scene import Scene


def said(scene: Scene, laptop: Laptop, *words: str, code: int = 0) -> str:
    run = scene.operator.run(laptop, *words)
    assert run.code == code, run.output
    return run.output


def document(output: str) -> Any:  # noqa: ANN401 - one JSON document
    return json.loads(output[output.index("{") :])


THEIRS: dict[str, Any] = {"mlflow": "3.17.2", "revision": "abc", "counts": {"runs": 1}}


def test_a_backup_is_taken_named_and_listed_with_what_it_holds(scene: Scene) -> None:
    laptop = scene.ready_laptop()
    counts = {"experiments": 2, "runs": 12, "models": 3, "users": 2}
    scene.host.need().home.databases["counts"] = counts
    told = said(scene, laptop, "backup", "before-cleaning-up")
    assert "12 runs, 3 registered models, 2 users, taken 20" in told
    assert "It was read back" in told
    assert "`mlflow-ops restore before-cleaning-up`" in told
    taken = document(said(scene, laptop, "backup", "--json"))["backup"]
    assert layout.moment(taken["name"].removeprefix("manual-").upper())
    listed = document(said(scene, laptop, "backups", "--json"))
    assert {each["name"] for each in listed["backups"]} == {"before-cleaning-up", taken["name"]}
    assert all(each["counts"] == counts for each in listed["backups"])
    assert listed["bytes"] >= sum(each["bytes"] for each in listed["backups"]) > 0
    shown = said(scene, laptop, "backups")
    assert "before-cleaning-up               12 runs, 3 registered models, 2 users" in shown


def test_a_name_that_cannot_be_is_refused_before_anything(scene: Scene) -> None:
    laptop = scene.laptop()
    for name in ("Upper", "-first", "../up", "x" * 42, "latest", "20261123"):
        told = said(scene, laptop, "backup", "--", name, code=2)
        assert "cannot be a backup's name" in told


def test_backups_are_listed_when_the_machine_is_gone_and_what_is_damaged_is_told(
    scene: Scene,
) -> None:
    laptop = scene.ready_laptop()
    said(scene, laptop, "backup", "good")
    s3 = scene.cloud.client("s3")
    [bucket] = scene.holds()["buckets"]
    key = f"{layout.NAMED}/spoilt/{layout.MANIFEST}"
    s3.put_object(Bucket=bucket, Key=key, Body=b"\x1b[31m{")
    ec2 = scene.cloud.client("ec2")
    ec2.terminate_instances(InstanceIds=list(scene.holds()["instances"]))
    told = said(scene, laptop, "backups")
    assert "good  " in told
    assert "damaged: its manifest cannot be read" in told
    assert "\x1b" not in told
    listed = document(said(scene, laptop, "backups", "--json"))
    assert listed["unreadable"] == ["spoilt"]
    assert "`mlflow-ops up` makes one" in said(scene, laptop, "backup", code=3)


def test_without_a_stack_there_is_nothing_to_list_or_to_back_up(scene: Scene) -> None:
    laptop = scene.laptop()
    assert "no bucket that one has left: `mlflow-ops up` makes one" in said(
        scene, laptop, "backups", code=3
    )
    assert "There is no running stack" in said(scene, laptop, "backup", code=3)


def test_an_import_whose_restore_fails_leaves_no_backup_behind(
    scene: Scene, tmp_path: Path
) -> None:
    laptop = scene.ready_laptop()
    file = Entry(hashlib.sha256(b"x").hexdigest(), 1)
    held = {"name": "theirs", "kind": "manual", "taken": "2026-11-23T21:42:00Z", **THEIRS}
    held |= {"bytes": 1, "files": {layout.MLFLOW_DB: vars(file)}, "damaged": False}
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / layout.MLFLOW_DB).write_bytes(b"x")
    text = Archive("theirs", held, {layout.MLFLOW_DB: file}).text
    (tmp_path / "export" / layout.MANIFEST).write_text(text)
    scene.host.need().home.synced = {"behind": None, "why": "the bucket is far"}
    run = scene.operator.run(laptop, "import", str(tmp_path / "export"), "--yes")
    assert (run.code, "the bucket is far" in run.output) == (1, True), run.output
    left = document(said(scene, laptop, "backups", "--json"))["backups"]
    assert [each["kind"] for each in left] == ["before-restore"]
