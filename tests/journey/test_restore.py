"""Nothing lost: a lost instance's data on a new one, and backups put back in place."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import sqlite3
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from journey.conftest import document
from journey.teammate import Teammate
from journey.test_sandbox_repairs import client

from mlflow_ops.backup import keeping, restoring, sources, staging
from mlflow_ops.reach import reaching
from mlflow_ops.records import Instance
from mlflow_ops.server.accounts import Accounts
from mlflow_ops.settings import Settings
from mlflow_ops.stack import Stack
from mlflow_ops.steps import instance
from mlflow_ops.target import reach
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from conftest import Cli, Ran

BUCKET = "mlflow-ops-mlflow-123456789012-us-east-1-an"
MARIA = "maria", "a password of hers"


@dataclass
class Scene:
    """A sandbox with a server, and who works with it."""

    run: Cli
    uri: str = field(default="", init=False)

    def good(self, *words: str) -> Ran:
        """Run a command that must end well."""
        ended = self.run(*words)
        assert ended.code == 0, f"{words}: {ended.out} {ended.err}"
        return ended

    def up(self, *words: str) -> Ran:
        """Make the stack, and return what was said."""
        made = self.good("up", "--yes", "--json", *words)
        self.uri = document(made)["tracking_uri"]
        return made

    @property
    def stack(self) -> Stack:
        """The stack, as a command has it."""
        settings = Settings(sandbox=True)
        found = Stack.of(settings, reach(settings))
        made = instance.find(found)
        assert made
        return found.knows(made)

    @property
    def admin(self) -> Teammate:
        """The admin, with what this machine has."""
        folder = next(Path(os.environ["MLFLOW_OPS_HOME"]).rglob("id_ed25519")).parent
        password = (folder / "admin-password").read_text().strip()
        return Teammate(self.uri, "admin", password, folder / "ca.crt")

    @property
    def maria(self) -> Teammate:
        """A user whom the admin has added."""
        return replace(self.admin, name=MARIA[0], password=MARIA[1])

    def lose_the_instance(self) -> None:
        """Terminate it behind everybody's back."""
        stack = self.stack
        client("ec2").terminate_instances(InstanceIds=[stack.need(Instance).id])

    def synced(self) -> None:
        """Return once all that is logged is in the bucket."""
        stack = self.stack
        try:
            assert keeping.ask(stack, "sync", timeout=60)["why"] == ""
        finally:
            stack.hang_up()


@pytest.fixture
def scene(sandboxed: Cli) -> Scene:
    """Return a server on which two people have logged runs and a model."""
    made = Scene(sandboxed)
    first = made.up()
    assert "restored" not in first.err
    with reaching.tracking(made.stack) as server:
        Accounts(server).add(*MARIA, admin=False)
    made.admin.log("wine", "first", "second")
    made.maria.log("hers", "of maria")
    made.admin.register("quality", next(iter(made.admin.sees()["runs"])))
    return made


def test_what_a_lost_instance_held_comes_back_on_a_new_one(scene: Scene) -> None:
    """One sandbox serves for all: making it takes most of the time."""
    a_lost_instance_is_replaced_by_one_that_holds_the_same(scene)
    scene.good("backup", "mine")
    a_new_instance_begins_with_the_backup_that_is_named(scene)


def test_a_restore_replaces_all_or_nothing(scene: Scene) -> None:
    """One sandbox serves for all: making it takes most of the time."""
    a_named_backup_comes_back_and_so_does_any_moment_before(scene)
    a_damaged_backup_is_refused_and_the_server_goes_on(scene)
    a_restore_that_the_server_does_not_work_with_is_taken_back(scene)
    a_killed_restore_is_ended_by_up(scene)
    up_does_not_replace_a_database(scene)


def a_lost_instance_is_replaced_by_one_that_holds_the_same(scene: Scene) -> None:
    scene.synced()
    held = scene.admin.sees()
    assert len(held["runs"]) == 3
    scene.lose_the_instance()
    again = scene.up()
    assert scene.admin.sees() == held
    assert scene.maria.sees() == held, "she logs in as before"
    assert "3 runs, 1 registered model, 2 users" in again.err
    assert "The newest change in the backup is of " in again.err
    assert "lost" in again.err
    assert document(scene.good("status", "--json"))["state"] == "ready"


def a_named_backup_comes_back_and_so_does_any_moment_before(scene: Scene) -> None:
    before = scene.admin.sees()
    scene.good("backup", "mine")
    scene.admin.log("wine", "third")
    scene.synced()
    later, then = scene.admin.sees(), datetime.now(timezone.utc)
    until("the next second", lambda: (datetime.now(timezone.utc) - then).seconds, deadline=60)
    scene.admin.log("wine", "a mistake")
    scene.synced()
    done = document(scene.good("restore", "mine", "--yes", "--json"))
    assert scene.admin.sees() == before
    assert scene.maria.sees() == before, "she logs in as before"
    assert (done["restored"], done["runs"]) == ("mine", 3)
    scene.good("restore", then.isoformat(), "--yes")
    assert scene.admin.sees() == later
    unknown = scene.run("restore", "2001-01-01", "--yes")
    assert (unknown.code, "mlflow-ops backups" in unknown.err) == (2, True)


def a_damaged_backup_is_refused_and_the_server_goes_on(scene: Scene) -> None:
    scene.good("backup", "rotten")
    s3, key = client("s3"), "backups/named/rotten/mlflow.db.gz"
    whole = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    s3.put_object(Bucket=BUCKET, Key=key, Body=whole[:-100] + bytes(100))
    held, process = scene.admin.sees(), server_process()
    refused = scene.run("restore", "rotten", "--yes")
    assert refused.code == 1, refused.out
    assert "damaged" in refused.err
    assert server_process() == process, "it was not even stopped"
    assert scene.admin.sees() == held


def a_restore_that_the_server_does_not_work_with_is_taken_back(scene: Scene) -> None:
    scene.good("backup", "unusable")
    doctor("unusable", "DROP TABLE latest_metrics")
    scene.admin.log("wine", "just before")
    held = scene.admin.sees()
    failed = scene.run("restore", "unusable", "--yes")
    assert failed.code == 1, failed.out
    assert "as it was before" in failed.err
    assert scene.admin.sees() == held
    assert document(scene.good("status", "--json"))["state"] == "ready"


def a_killed_restore_is_ended_by_up(scene: Scene) -> None:
    held, stack = scene.admin.sees(), scene.stack
    try:
        staging.stage(stack, sources.chosen(stack, "mine"))
        restoring.halt(stack)
        keeping.ask(stack, "place")
        # Killed here, with the server stopped and no word of what is in place.
    finally:
        stack.hang_up()
    scene.up()
    assert set(scene.admin.sees()["runs"]) < set(held["runs"]), "all of it was in place already"
    assert not (host() / "mlflow" / "replaced").exists()
    scene.good("check")


def up_does_not_replace_a_database(scene: Scene) -> None:
    refused = scene.run("up", "--yes", "--restore", "mine")
    assert (refused.code, "mlflow-ops restore" in refused.err) == (2, True), refused.err


def a_new_instance_begins_with_the_backup_that_is_named(scene: Scene) -> None:
    scene.lose_the_instance()
    unknown = scene.run("up", "--yes", "--restore", "no-such")
    assert (unknown.code, "no-such" in unknown.err) == (2, True)
    assert instance.find(Stack.of(Settings(sandbox=True), reach(Settings(sandbox=True)))) is None
    scene.up("--restore", "mine")
    assert len(scene.admin.sees()["runs"]) == 3


def host() -> Path:
    """Return the home of the sandbox's host."""
    return Path(os.environ["MLFLOW_OPS_HOME"]) / "sandbox" / "mlflow" / "cloud" / "host"


def server_process() -> str:
    """Return the process that keeps the server up."""
    return (host() / "mlflow" / "server.pid").read_text()


def doctor(backup: str, change: str) -> None:
    """Change a backup's database, so that all that its manifest tells is still true."""
    s3, folder = client("s3"), f"backups/named/{backup}"
    path = host() / "doctored.db"
    path.write_bytes(gzip.decompress(body(s3, f"{folder}/mlflow.db.gz")))
    with sqlite3.connect(path) as database:
        database.execute(change)
    database.close()
    content, manifest = path.read_bytes(), json.loads(body(s3, f"{folder}/manifest.json"))
    path.unlink()
    right = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    manifest["files"]["mlflow.db"] = right
    s3.put_object(Bucket=BUCKET, Key=f"{folder}/mlflow.db.gz", Body=gzip.compress(content))
    s3.put_object(Bucket=BUCKET, Key=f"{folder}/manifest.json", Body=json.dumps(manifest))


def body(s3: Any, key: str) -> bytes:  # noqa: ANN401 - one of boto3's clients
    """Return what an object holds."""
    held: bytes = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return held
