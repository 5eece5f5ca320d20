"""The last backup before a stack goes: taken and proven, or nothing is removed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_ops import contents
from mlflow_ops.backup import layout, leaving, sources
from mlflow_ops.backup.manifest import Counts, File, Manifest
from mlflow_ops.errors import HostUnreachable, MlflowOpsError
from mlflow_ops.records import Bucket, Instance
from mlflow_ops.steps import bucket

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

NOW = datetime.now(timezone.utc).replace(microsecond=0)
EARLIER = NOW - timedelta(hours=1)
RUNNING = Instance("i-1", state="running", address="127.0.0.1")
STOPPED = Instance("i-1", state="stopped")


@dataclass
class FakeHost:
    """A host whose keeper says what the test wants; `did` is what it was asked to do, in short."""

    keeper: dict[str, Any] = field(default_factory=dict)
    database: bool = True
    did: list[str] = field(default_factory=list)
    lost: bool = False

    def run(self, command: str, *, deadline: float = 60.0, stdin: str = "") -> str:
        """Answer as the host's shell would."""
        if command == leaving.HAS_DATABASE:
            return "yes\n" if self.database else ""
        for what in ("take", "stop", "start"):
            if what in command.split() or f"systemctl {what}" in command:
                self.did.append(what)
        if "take" in command.split():
            if self.lost:
                raise HostUnreachable("The host is gone.")
            return json.dumps(self.keeper or document(json.loads(stdin)["name"], "kept"))
        return ""

    ask = run

    def close(self) -> None:
        """Hang up."""


def document(name: str, kind: str = "manual", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - a manifest's own fields
    file = {"mlflow.db": File("0" * 64, 7)}
    made = Manifest(name, kind, NOW, "3.17.2", "abc", Counts(runs=12, models=3), 7, file)
    return replace(made, **more).document


@pytest.fixture
def kept(stack: Stack) -> Stack:
    """Return a stack of which only the bucket stands."""
    return replace(stack.knows(bucket.create(stack)), wanted=None)


def put(stack: Stack, key: str, body: bytes = b"x") -> None:
    stack.aws.s3.put_object(Bucket=stack.names.bucket, Key=key, Body=body)


def back_up(stack: Stack, name: str, **more: Any) -> None:  # noqa: ANN401 - a manifest's own fields
    text = json.dumps(document(name, **more)).encode()
    put(stack, f"{layout.NAMED}/{name}/{layout.MANIFEST}", text)


def go_on(stack: Stack) -> None:
    """Let the continuous backup have something of now."""
    names = f"{0:04x}/{1:016x}-{2:016x}"
    put(stack, f"{layout.STREAM}/{layout.stamp(EARLIER)}/{layout.MLFLOW_DB}/ltx/{names}.ltx")


def with_host(stack: Stack, host: FakeHost) -> Stack:
    hosts: Any = {RUNNING.id: host}
    return replace(stack, hosts=hosts).knows(RUNNING)


def test_the_server_is_stopped_before_the_last_backup_so_that_it_is_the_last(kept: Stack) -> None:
    host = FakeHost()
    taken = leaving.last_backup(with_host(kept, host))
    assert taken
    assert (taken.kind, taken.counts.runs) == ("kept", 12)
    assert [each for each in host.did if each != "start"] == ["stop", "take"]


@pytest.mark.parametrize("lost", [False, True])
def test_a_backup_that_fails_leaves_the_server_running_and_says_what_there_is(
    kept: Stack,
    lost: bool,  # noqa: FBT001 - pytest gives it by name
) -> None:
    back_up(kept, "before", taken=EARLIER)
    host = FakeHost({"error": "The disk is full."}, lost=lost)
    with pytest.raises(MlflowOpsError, match="nothing was removed: The") as raised:
        leaving.last_backup(with_host(kept, host))
    assert f"is of {EARLIER:%Y-%m-%d %H:%M:%S} UTC" in str(raised.value)
    assert "--no-backup" in str(raised.value)
    assert host.did[-1] == "start"


def test_a_host_without_a_database_has_nothing_to_back_up(kept: Stack) -> None:
    host = FakeHost(database=False)
    assert leaving.last_backup(with_host(kept, host)) is None
    back_up(kept, "before", taken=EARLIER)
    before = leaving.last_backup(with_host(kept, host))
    assert (before and before.name, host.did) == ("before", [])


@pytest.mark.parametrize("instance", [None, STOPPED, RUNNING])
def test_what_cannot_be_asked_any_more_must_have_been_backed_up(
    kept: Stack, instance: Instance | None
) -> None:
    stack = kept.knows(instance) if instance else kept
    go_on(stack)
    back_up(stack, "old", taken=EARLIER)
    back_up(stack, "broken", taken=NOW + timedelta(minutes=1), damaged=True)
    with pytest.raises(MlflowOpsError, match="so nothing was removed"):
        leaving.last_backup(stack)
    back_up(stack, "new", taken=NOW + timedelta(days=1))  # which is taken for now
    found = leaving.last_backup(stack)
    assert found
    assert found.name == "new"


def test_a_stack_without_an_instance_or_any_backup_has_nothing_to_lose(kept: Stack) -> None:
    assert leaving.last_backup(kept) is None
    for instance in (STOPPED, RUNNING):  # on its disk there may be everything
        with pytest.raises(MlflowOpsError, match="The newest backup in the bucket is none"):
            leaving.last_backup(kept.knows(instance))


def test_what_a_bucket_alone_holds_is_said_by_its_newest_good_backup(kept: Stack) -> None:
    assert "does not answer for" in str(contents.of(kept))
    back_up(kept, "good", taken=EARLIER)
    back_up(kept, "broken", damaged=True)
    put(kept, "artifacts/1/model.pkl", b"x" * 2_500)
    said = str(contents.of(kept))
    assert said.startswith(
        f"12 runs, 3 registered models (as of {EARLIER:%Y-%m-%d %H:%M} UTC), "
        "and 1 object (2.5 KB) in the bucket, with "
    )
    assert said.endswith("of backups")


def test_no_bucket_has_no_backups(stack: Stack) -> None:
    assert leaving.newest(stack) is None
    assert str(contents.of(stack.knows(Bucket("none")))).endswith("does not exist")


def test_the_price_of_keeping_is_that_of_its_size() -> None:
    assert contents.keeping(1).startswith("less than 0.01 USD a month")
    assert contents.keeping(100 * 2**30).startswith("2.30 USD a month")


def test_names_of_backups_tell_when_they_were_taken(kept: Stack) -> None:
    name = leaving.named(kept, "kept")
    back_up(kept, name, taken=NOW)
    assert sources.chosen(kept, name).name == name
