"""The processes of a server on this machine: one at a time, and never anybody else's."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import psutil
import pytest

from mlflow_ops.errors import MlflowOpsError, WrongPlace
from mlflow_ops.local import command, holders, process, starting, whereabouts
from mlflow_ops.local.place import Held, Place
from mlflow_ops.wait import Clock, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# Stands in for MLflow's server, which takes seconds: it answers every question with {}.
SERVER = """
import http.server, signal, socket, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")
if "deaf" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("It is here.", flush=True)
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer, False)
server.socket = socket.socket(fileno=0)
server.serve_forever()
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a lock")
# As MLflow's own does, it works in a child and only waits itself.
WRAPPED = "import subprocess, sys; subprocess.run([sys.executable, *sys.argv[1:]])"


def words(*more: str) -> Callable[[int], list[str]]:
    """Return how the stand-in is started on a port."""
    return lambda port: [
        *(sys.executable, "-S", "-c", WRAPPED),
        *("-S", "-c", SERVER, str(port), *more),
    ]


class Hurried:
    """A clock by which every wait is over at once."""

    time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += 100 if seconds else 0


class Racing(Hurried):
    """A clock that runs a hundred times as fast."""

    def sleep(self, seconds: float) -> None:
        self.time += seconds
        threading.Event().wait(seconds / 100)


def clock(kind: type[Hurried]) -> Clock:
    found = kind()
    return Clock(found.now, found.sleep)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Return a place whose server is gone after the test."""
    found = Place(tmp_path / "ops" / "local" / "mlflow")
    try:
        yield found
    finally:
        left = process.running(found)
        for group in holders.groups(found.log) or ({left.group} if left else ()):
            os.killpg(group, signal.SIGKILL)


def living(group: int) -> list[int]:
    """Return the processes of a group that have not ended, whether or not anybody was told."""
    found = []
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(each.pid) == group and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each.pid)
    return found


def ended(place: Place) -> bool:
    """End the server as `stop` and `down` do."""
    with place.alone():
        return process.end(place)


def test_it_runs_until_it_is_ended_and_then_nothing_of_it_does(place: Place) -> None:
    assert process.running(place) is None
    found = starting.start(place, words=words())
    assert process.running(place) == found
    assert starting.start(place, words=words()) == found  # and is not started twice
    assert ended(place)
    assert process.running(place) is None
    assert living(found.group) == []
    assert not ended(place)


def test_one_that_does_not_listen_is_killed_after_its_grace(place: Place) -> None:
    found = starting.start(place, words=words("deaf"))
    with place.alone(), contextlib.suppress(MlflowOpsError):
        process.end(place, clock(Hurried))
    with place.alone():
        process.end(place)  # whose own deadline waits for the kernel
    assert living(found.group) == []


def test_a_stranger_that_has_come_to_its_number_is_never_hit(place: Place) -> None:
    place.folder.mkdir(parents=True)
    asleep = [sys.executable, "-S", "-c", "input()"]
    with subprocess.Popen(asleep, stdin=subprocess.PIPE, start_new_session=True) as stranger:
        try:
            place.log.write_text("it ran, before the machine was started again\n")
            place.note.write_text(f"{stranger.pid} 5000\n")
            assert process.running(place) is None
            assert not ended(place)
            assert stranger.poll() is None
        finally:
            stranger.kill()


NOTES = ["", "what?", "1 5000", "0 5000", "-7 5000", "7 0", "\0\0\0"]


@linux
def test_a_damaged_note_keeps_nobody_from_ending_it(place: Place) -> None:
    found = starting.start(place, words=words())
    for note in NOTES:
        place.note.write_text(note)
        with pytest.raises(MlflowOpsError, match="does not tell its port: `mlflow-ops stop`"):
            starting.start(place, clock(Hurried), words())
    assert len(living(found.group)) == 2
    with place.alone():
        assert process.end(place, clock(Racing))
    # Killed, but on a busy machine perhaps not yet taken away.
    until("the server to be gone", lambda: not living(found.group), deadline=10)


@linux
def test_who_has_the_log_open_without_its_lock_is_no_part_of_the_server(place: Place) -> None:
    found = starting.start(place, words=words())
    place.note.unlink()
    asleep = [sys.executable, "-S", "-c", "input()"]
    with (
        place.log.open("a") as log,
        subprocess.Popen(
            asleep, stdin=subprocess.PIPE, stdout=log, start_new_session=True
        ) as stranger,
    ):
        try:
            assert holders.groups(place.log) == {found.group}
            with place.alone():
                assert process.end(place, clock(Racing))
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_where_nobody_tells_who_holds_the_lock_the_error_tells_how_to_find_out(
    place: Place,
) -> None:
    place.folder.mkdir(parents=True)
    with place.log.open("w") as held:  # by this process, which is never its own to end
        fcntl.flock(held, fcntl.LOCK_EX)
        look = rf"`fuser {place.log}` or `lsof {place.log}`"
        with place.alone(), pytest.raises(MlflowOpsError, match=look):
            process.end(place, clock(Hurried))


def test_nobody_is_hit_by_the_number_of_a_server_that_runs_elsewhere(place: Place) -> None:
    found = starting.start(place, words=words())
    assert (found.place, found.machine) == (whereabouts.here(), whereabouts.name())
    asleep = [sys.executable, "-S", "-c", "input()"]
    with subprocess.Popen(asleep, stdin=subprocess.PIPE, start_new_session=True) as stranger:
        try:
            place.note.write_text(f"{stranger.pid} 9 another-boot:4026531836 box\n")
            with place.alone(), pytest.raises(WrongPlace, match="was started on 'box'"):
                process.end(place)
            with pytest.raises(WrongPlace, match="run the command there"):
                starting.start(place, words=words())
            assert stranger.poll() is None
            assert len(living(found.group)) == 2
        finally:
            stranger.kill()
            place.note.write_text(f"{found.group} {found.port} {found.place} {found.machine}\n")


def test_a_note_without_a_place_is_of_here(place: Place) -> None:
    found = starting.start(place, words=words())
    place.note.write_text(f"{found.group} {found.port}\n")
    assert ended(place)
    assert living(found.group) == []


def test_when_it_was_killed_it_is_stopped_and_can_be_started_again(place: Place) -> None:
    found = starting.start(place, words=words())
    os.killpg(found.group, signal.SIGKILL)
    until("it to be gone", lambda: not process.lives(place), deadline=10, pause=0.02)
    assert process.running(place) is None
    again = starting.start(place, words=words())
    assert again.port == found.port  # so that what points there goes on to
    assert ended(place)


def test_when_only_its_parent_was_killed_the_rest_of_it_is_still_found_and_ended(
    place: Place,
) -> None:
    found = starting.start(place, words=words())
    members = living(found.group)
    assert len(members) == 2
    os.kill(min(members), signal.SIGKILL)
    assert process.running(place) == found
    assert ended(place)


def test_one_that_ends_at_once_is_an_error_with_its_last_words(place: Place) -> None:
    with pytest.raises(MlflowOpsError, match=r"again(.|\n)*No module named 'nothing'") as error:
        starting.start(place, words=lambda _: [sys.executable, "-S", "-c", "import nothing"])
    assert str(place.log) in str(error.value)
    assert process.running(place) is None


def test_two_starts_at_once_come_to_one_server(place: Place) -> None:
    found: list[process.Running] = []
    threads = [
        threading.Thread(target=lambda: found.append(starting.start(place, words=words())))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1
    assert ended(place)


def test_a_port_that_is_taken_is_left_alone_and_taken_again_once_it_is_free(place: Place) -> None:
    # One that no other server on this machine would take.
    with socket.create_server(("127.0.0.1", 0)) as taken:
        usual = taken.getsockname()[1]
        place.folder.mkdir(parents=True, exist_ok=True)
        place.note.write_text(f"2 {usual} - - {usual}")
        moved = starting.start(place, words=words())
        assert moved.port in starting.PORTS
        assert ended(place)
        known = process.noted(place)
        assert known
        assert (known.usual, known.port) == (usual, moved.port)  # so that it does not wander
    assert moved.moved_from(usual) == (f"Port {usual} is taken: the server is at {moved.port} now.")
    back = starting.start(place, words=words())
    assert back.port == usual
    assert back.moved_from(moved.port).startswith(f"Port {usual} is free again")
    assert ended(place)


# The tables that MLflow sorts runs by a metric with, and how it does.
RUNS = """
CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, experiment_id INTEGER);
CREATE TABLE latest_metrics (key TEXT, value FLOAT, run_uuid TEXT, PRIMARY KEY (key, run_uuid));
WITH RECURSIVE number(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM number WHERE n < 10000)
INSERT INTO runs SELECT n, 0 FROM number;
INSERT INTO latest_metrics SELECT 'rmse', 1, run_uuid FROM runs;
"""
SORTED = """
EXPLAIN QUERY PLAN SELECT DISTINCT runs.run_uuid, it.value FROM runs LEFT OUTER JOIN
(SELECT * FROM latest_metrics WHERE key = ?) AS it ON runs.run_uuid = it.run_uuid
WHERE runs.experiment_id IN (?) ORDER BY it.value LIMIT ?
"""


def test_a_start_lets_sqlite_sort_thousands_of_runs_by_an_index(place: Place) -> None:
    place.folder.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(place.database)) as server:
        server.executescript(RUNS)
        for way in ("SCAN it", "SEARCH it USING AUTOMATIC COVERING INDEX"):
            server.execute("SELECT 1 FROM runs").fetchone()  # an explanation sees no change itself
            asked = f"{SORTED} -- {way}"  # else Python gives the first one's
            plan = [row[3] for row in server.execute(asked, ("rmse", 0, 20))]
            assert any(step.startswith(way) for step in plan), plan
            starting.start(place, words=words())  # a server that runs already sees it too
    assert ended(place)


def test_a_damaged_database_keeps_it_from_no_start(place: Place) -> None:
    place.folder.mkdir(parents=True)
    place.database.write_text("no database at all")
    starting.start(place, words=words())
    assert place.database.read_text() == "no database at all"
    assert ended(place)


def test_all_that_it_writes_is_the_users_alone(place: Place) -> None:
    starting.start(place, words=words())
    assert place.log.stat().st_mode & 0o777 == 0o600
    for path in (place.folder, place.artifacts):
        assert path.stat().st_mode & 0o777 == 0o700
    assert ended(place)


def test_a_damaged_database_is_told_as_one_that_does_not_tell(place: Place) -> None:
    place.artifacts.mkdir(parents=True)
    assert place.held() == Held(0, 0, 0)
    place.database.write_text("no database at all, but long enough to be looked at by SQLite\n" * 9)
    (place.artifacts / "a").write_text("12345")
    found = place.held()
    assert (found.runs, found.models, found.size) == (None, None, place.database.stat().st_size + 5)


def test_removing_it_leaves_what_is_not_its_own(place: Place, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "thesis.txt").write_text("years of work")
    place.folder.mkdir(parents=True)
    place.artifacts.symlink_to(own)
    place.log.write_text("")
    (place.folder / "notes.txt").write_text("mine")
    place.remove(tmp_path / "ops")
    assert [each.name for each in place.folder.iterdir()] == ["notes.txt"]
    assert (own / "thesis.txt").exists()
    (place.folder / "notes.txt").unlink()
    place.remove(tmp_path / "ops")
    assert not (tmp_path / "ops").exists()


def test_it_inherits_nothing_that_would_make_it_another_server() -> None:
    own = {
        "PATH": "/bin",
        "MLFLOW_BACKEND_STORE_URI": "x",
        "AWS_PROFILE": "p",
        "WEB_CONCURRENCY": "4",
    }
    assert {**command.environment(own)}.keys() & own.keys() == {"PATH"}
    assert "127.0.0.1" in command.words(5000)
