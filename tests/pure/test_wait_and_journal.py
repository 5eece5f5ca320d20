"""The waiting loop, the journal, private files and the caller's address."""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from mlflow_ops import files
from mlflow_ops.errors import MlflowOpsError, TimedOut
from mlflow_ops.journal import Journal
from mlflow_ops.reach import address
from mlflow_ops.wait import Clock, until

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class FakeTime:
    now: float = 0.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def clock(self) -> Clock:
        return Clock(lambda: self.now, self.sleep)


def test_waiting_ends_with_the_answer_and_pauses_grow_to_the_longest() -> None:
    time, answers = FakeTime(), iter([None, False, None, None, "there"])
    found = until("it", lambda: next(answers), deadline=60, pause=1, longest=2, clock=time.clock())
    assert found == "there"
    assert time.slept == [1, 1.5, 2, 2]


def test_waiting_gives_up_at_the_deadline_and_says_for_what() -> None:
    time = FakeTime()
    with pytest.raises(TimedOut, match="the moon after 10 s"):
        until("the moon", lambda: None, deadline=10, pause=4, clock=time.clock())
    assert time.now == pytest.approx(10)


def test_the_asking_is_on_disk_before_the_call_and_the_id_right_after(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "stack" / "journal.jsonl")
    with journal.asking("bucket", name="b") as made:
        assert journal.open_question("bucket")
        made("b-1")
    assert journal.open_question("bucket") is None
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_a_gone_thing_is_no_open_question(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    with journal.asking("instance", token="t"):
        pass
    journal.gone("instance", "i-1")
    assert journal.open_question("instance") is None
    assert journal.last("instance", "asked") is None


@pytest.mark.parametrize(
    ("name", "open_still"), [("InsufficientInstanceCapacity", False), ("InternalError", True)]
)
def test_a_failure_of_awss_own_leaves_the_question_open_and_a_no_does_not(
    tmp_path: Path, name: str, *, open_still: bool
) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    said = ClientError({"Error": {"Code": name, "Message": ""}}, "RunInstances")
    with pytest.raises(ClientError), journal.asking("instance", token="t"):
        raise said
    assert bool(journal.open_question("instance")) == open_still


def test_a_line_that_lacks_what_it_should_tell_is_passed_over_and_swallows_no_other(
    tmp_path: Path,
) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    journal.path.write_text('{"step": "instance", "event": "made", "time": "1"}\n{"step": "ins')
    assert journal.last("instance", "made") is None
    with journal.asking("instance", token="t") as made:
        made("i-1")
    found = journal.last("instance", "made")
    assert found
    assert found["id"] == "i-1"


def test_a_line_cut_short_by_a_crash_is_passed_over(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl")
    with journal.asking("instance", token="t"):
        pass
    journal.path.write_text(journal.path.read_text() + '{"step": "inst')
    found = journal.open_question("instance")
    assert found
    assert found["token"] == "t"


def test_a_private_file_is_replaced_whole_and_leaves_no_copy(tmp_path: Path) -> None:
    path = tmp_path / "a" / "secret"
    files.write_private(path, "one")
    files.temporary_of(path).write_text("left by a kill")
    files.write_private(path, "two")
    assert path.read_text() == "two"
    assert [f.name for f in path.parent.iterdir()] == ["secret"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_own_address_is_what_the_service_says() -> None:
    assert address.public(lambda _: b"8.8.4.4\n") == "8.8.4.4"


@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"10.0.0.1", b"127.0.0.1", b"::1", b"0.0.0.0/0", b"\xff"]
)
def test_an_answer_that_is_no_public_address_is_refused_and_allow_is_named(answer: bytes) -> None:
    with pytest.raises(MlflowOpsError, match="--allow"):
        address.public(lambda _: answer)


def test_an_address_service_that_cannot_be_reached_is_said() -> None:
    def refuse(_: str) -> bytes:
        raise TimeoutError("timed out")

    with pytest.raises(MlflowOpsError, match="timed out.*--allow"):
        address.public(refuse)
