"""When a host is to stop: limits, moments, and what counts as use of its server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_ops import commands as shell
from mlflow_ops import spans
from mlflow_ops.errors import BadOption
from mlflow_ops.lifetime import answers, commands, durations, telling, units
from mlflow_ops.lifetime.watcher import limits, uses
from mlflow_ops.lifetime.watcher.limits import Now
from mlflow_ops.lifetime.watcher.machine import PORTS
from mlflow_ops.server import serving
from mlflow_ops.settings import Options
from mlflow_ops.shape import Shape
from mlflow_ops.target import Ports

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3600.0
# Six hours after a boot, by a clock that says 1,000,000 then.
NOW = Now(wall=1_000_000.0, steady=6 * HOUR, boot=0.0)
UNTIL = NOW.wall + 2 * HOUR
EIGHT: dict[str, Any] = {
    "ttl": 8 * HOUR,
    "idle": None,
    "until": UNTIL,
    "set": NOW.wall - 6 * HOUR,
}


@pytest.mark.parametrize(
    ("text", "kept"),
    [("8h", "8h"), ("90m", "90m"), ("48h", "2d"), ("1d12h", "36h"), (" 2H ", "2h"), ("off", "off")],
)
def test_a_length_is_kept_in_one_unit(text: str, kept: str) -> None:
    assert Options(ttl=text, idle_stop=text).ttl == kept
    assert durations.kept(kept) == ("" if kept == "off" else kept)


@pytest.mark.parametrize("text", ["", "8", "4m", "366d", "-1h", "1h1d", "1.5h", "٣h", "h", "8h; x"])
def test_what_is_no_length_between_five_minutes_and_a_year_is_refused(text: str) -> None:
    with pytest.raises(BadOption, match="--idle-stop"):
        Options(idle_stop=text)


@given(st.integers(durations.SHORTEST // 60, durations.LONGEST // 60))
def test_every_length_comes_back_from_the_shapes_tag(minutes: int) -> None:
    text = durations.shortened(minutes * 60)
    exact = minutes if minutes < 100_000 else minutes - minutes % 60
    assert durations.seconds(text) == exact * 60
    held = Shape(ttl=text, idle=text)
    assert Shape.of(held.tag) == held


@given(st.text())
def test_a_limit_in_a_tag_written_by_anybody_is_one_of_ours_or_none(text: str) -> None:
    found = Shape.of(f"ttl={text} idle={text}")
    assert all(
        not each or durations.canonical(each, "it") == each for each in (found.ttl, found.idle)
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (59, "less than a minute"),
        (18_720, "5 h 12 min"),
        (7200, "2 h"),
        (90_060, "1 d 1 h"),
        (-5, "less than a minute"),
    ],
)
def test_lengths_are_told_in_two_units_at_most(seconds: int, words: str) -> None:
    assert telling.said(seconds) == words


def test_spans_are_told_in_their_largest_units() -> None:
    told = [spans.words(86_461, most) for most in (1, 2, 3)]
    assert told == ["1 d", "1 d 1 min", "1 d 1 min 1 s"]
    assert [spans.words(each) for each in (0, 59.9, -5)] == ["0 s", "59 s", "0 s"]
    assert [spans.words(each, 1, least="now") for each in (59, 61)] == ["now", "1 min"]


def test_a_limit_ends_when_it_says_and_no_clock_that_is_set_changes_that() -> None:
    end = NOW.steady + 2 * HOUR
    assert limits.end(EIGHT, {}, NOW) == end
    memory = {"limit": [EIGHT["ttl"], EIGHT["until"]], "end": end}
    for jump in (-1e6, 1e6):
        assert limits.end(EIGHT, memory, Now(NOW.wall + jump, NOW.steady + 60, 0.0)) == end
    # Another limit is another end.
    assert limits.end({**EIGHT, "until": EIGHT["until"] + 60}, memory, NOW) == end + 60


def test_a_clock_that_is_far_behind_after_a_boot_gives_no_more_than_was_given() -> None:
    behind = Now(wall=0.0, steady=5.0, boot=0.0)
    assert limits.end(EIGHT, {}, behind) == 8 * HOUR
    # Nor does it, when nothing can be remembered, from one look to the next.
    assert limits.end(EIGHT, {}, Now(wall=HOUR, steady=HOUR, boot=0.0)) == 8 * HOUR


def test_a_machine_that_is_started_again_has_at_least_its_whole_limit() -> None:
    later = Now(wall=NOW.wall + 24 * HOUR, steady=60.0, boot=10.0)
    assert limits.end(EIGHT, {}, later) == 10.0 + 8 * HOUR
    # So does one that had minutes left; one that was extended beyond that keeps its end.
    soon = Now(wall=EIGHT["until"] - 60, steady=60.0, boot=10.0)
    assert limits.end(EIGHT, {}, soon) == 10.0 + 8 * HOUR
    extended = {**EIGHT, "until": soon.wall + 9 * HOUR}
    assert limits.end(extended, {}, soon) == 60.0 + 9 * HOUR


@pytest.mark.parametrize("junk", ["x", None, [], {}, -5, 1e300, float("nan")])
def test_a_limit_ends_whatever_else_the_files_of_it_hold(junk: object) -> None:
    held = limits.kept({"ttl": 8 * HOUR, "idle": junk, "until": junk, "set": junk})
    assert limits.end(held, {"limit": [8 * HOUR, None], "end": junk}, NOW) == 8 * HOUR
    assert limits.end(limits.kept({**EIGHT, "ttl": junk}), {}, NOW) is None


def test_arming_again_with_the_same_limit_moves_no_end_and_another_begins_now() -> None:
    wish = {"ttl": 8 * HOUR, "idle": 600}
    same = limits.armed(wish, EIGHT, 2 * HOUR, NOW)
    assert (same["until"], same["idle"]) == (EIGHT["until"], 600)
    other = limits.armed({"ttl": 4 * HOUR, "idle": None}, EIGHT, 2 * HOUR, NOW)
    assert other["until"] == NOW.wall + 4 * HOUR
    assert limits.armed({"ttl": None, "idle": 600}, EIGHT, 2 * HOUR, NOW)["until"] is None


def test_an_extension_moves_the_end_and_counts_from_now_when_it_has_passed() -> None:
    assert limits.extended(EIGHT, 2 * HOUR, HOUR, NOW)["until"] == EIGHT["until"] + HOUR
    assert limits.extended(EIGHT, -30.0, HOUR, NOW)["until"] == NOW.wall + HOUR


def test_it_is_time_at_the_end_or_after_idling_and_not_before() -> None:
    assert limits.reason(0.0, None, None)
    assert limits.reason(None, 600.0, 600.0)
    assert not limits.reason(1.0, 600.0, 599.0)
    assert not limits.reason(None, None, None)


def said(path: str, status: int) -> str:
    """Return a line of the server's log, as MLflow 3.17 writes it."""
    return f'2026/11/24 02:29:33 INFO:     10.0.0.7:37968 - "POST {path} HTTP/1.1" {status} OK'


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/2.0/mlflow/runs/create", 200),
        ("/ajax-api/2.0/mlflow/runs/search", 200),
        ("/api/2.0/mlflow-artifacts/artifacts/0/a/model.pkl", 200),
        ("/api/2.0/mlflow/runs/get?run_id=gone", 404),
        ("/api/2.0/mlflow/runs/create", 500),
        ("/graphql", 200),
        ("/get-artifact?path=a&run_uuid=b", 200),
    ],
)
def test_requests_of_who_is_let_in_are_use(path: str, status: int) -> None:
    assert uses.is_use(said(path, status))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health", 200),
        ("/version", 200),
        ("/", 200),
        ("/static-files/main.js", 200),
        ("/favicon.ico", 200),
        ("/ajax-api/3.0/mlflow/server-info", 200),
        ("/api/2.0/mlflow/experiments/search?probe", 200),
        ("/api/2.0/mlflow/runs/create", 401),
        ("/api/2.0/mlflow/runs/create", 403),
        ("/wp-login.php", 404),
    ],
)
def test_health_checks_our_own_looks_and_strangers_are_no_use(path: str, status: int) -> None:
    assert not uses.is_use(said(path, status))


def test_what_a_browser_asks_before_a_request_is_no_use_of_it() -> None:
    asked = said("/api/2.0/mlflow/runs/create", 400)
    assert uses.is_use(asked)
    assert not uses.is_use(asked.replace("POST", "OPTIONS"))


def test_other_lines_of_the_log_are_no_use() -> None:
    assert not uses.is_use("2026/11/24 02:29:33 INFO:     Uvicorn running on https://0.0.0.0:5000")


CONNECTIONS = """\
0 0 10.0.0.5:5000 10.0.0.7:37968 cubic bytes_sent:9 bytes_acked:{0} bytes_received:{1} lastsnd:4
0 0 10.0.0.5:5000 10.0.0.8:1 cubic bytes_acked:5 bytes_received:5
"""


def test_a_large_upload_that_is_under_way_is_use_unless_a_stranger_sends_it() -> None:
    before, now = (uses.moved(CONNECTIONS.format(9, size)) for size in (1000, 2_000_000))
    assert now["10.0.0.7:37968"] == 2_000_009
    assert uses.is_busy(before, now, set())
    assert not uses.is_busy(now, now, set())
    assert not uses.is_busy({}, now, set())
    junk: object
    for junk in (None, 5, dict.fromkeys(now, "x")):
        assert not uses.is_busy(junk, now, set())
    assert not uses.is_busy(before, now, {uses.peer(said("/api/x", 401))})


def test_the_ports_that_are_looked_at_are_the_servers() -> None:
    assert (Ports().server, serving.BEHIND_PROXY) == PORTS


def test_nothing_but_what_a_host_can_mean_is_taken_from_it() -> None:
    good = {"ttl": 60, "idle": None, "left": 5.0, "until": 1_000_000, "quiet": None}
    known = dict.fromkeys(commands.FACTS, "")

    def told(answer: object) -> answers.Told | None:
        found = shell.parse_facts(f"told={json.dumps(answer)}\n")
        return answers.told((known | found)["told"])

    held = told(good)
    assert held
    assert held.end == "1970-01-12T13:46:40Z"
    bad: object
    for bad in ([], 5, {**good, "until": 1e300}, {**good, "left": "soon"}, {**good, "left": [1]}):
        assert told(bad) is None
    assert told({**good, "left": float("nan")}) is None


Watched = Any


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """Run the packed watcher on a folder, as the script on a host without systemd does."""
    (tmp_path / "bin").mkdir()
    off = tmp_path / "bin" / "poweroff"
    off.write_text(f"#!/bin/sh\necho off >> {tmp_path}/off\n")
    off.chmod(0o755)
    (tmp_path / "program.pyz").write_bytes(units.program())
    for name in ("started", "server.log"):
        (tmp_path / name).touch()

    def run(*words: str, stdin: str = "") -> Any:  # noqa: ANN401 - one JSON document
        files = ("lifetime.json", "seen", *words, "--log=server.log", "--since=started")
        ended = subprocess.run(
            [sys.executable, "-I", "program.pyz", *files],
            cwd=tmp_path,
            env=os.environ | {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"},
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return json.loads(ended.stdout) if words[0] != "look" else ended.stdout

    return run


def test_the_watcher_is_one_file_that_needs_nothing_but_python(
    watched: Watched, tmp_path: Path
) -> None:
    assert watched("tell") == dict.fromkeys(("ttl", "idle", "left", "until", "quiet"))
    assert watched("extend", "3600") == {"error": "There is no time limit to extend."}
    armed = watched("arm", stdin='{"ttl": 28800, "idle": 7200}')
    assert 28_790 < armed["left"] <= 28_801
    assert armed["quiet"] == 0
    longer = watched("extend", "3600")
    assert longer["until"] == armed["until"] + 3600
    assert "error" in watched("extend", str(366 * 86_400))
    assert watched("look") == ""
    assert not (tmp_path / "off").exists()


def test_the_watcher_sees_use_in_the_log_and_powers_off_without(
    watched: Watched, tmp_path: Path
) -> None:
    # Seconds that are few: the steady clock of a machine begins with its boot.
    watched("arm", stdin='{"ttl": null, "idle": 10}')
    started, seen = tmp_path / "started", tmp_path / "seen" / "memory.json"
    os.utime(started, (started.stat().st_atime, started.stat().st_mtime - 50))
    memory = json.loads(seen.read_text())
    seen.write_text(json.dumps({**memory, "last": memory["last"] - 40}))
    with (tmp_path / "server.log").open("a") as log:
        log.write(said("/health", 200) + "\n")
    assert 39 < watched("tell")["quiet"] < 140
    with (tmp_path / "server.log").open("a") as log:
        log.write(said("/api/2.0/mlflow/runs/create", 200) + "\n")
    assert watched("tell")["quiet"] == 0
    memory = json.loads(seen.read_text())
    seen.write_text(json.dumps({**memory, "last": memory["last"] - 40}))
    assert "nobody has used its server" in watched("look")
    assert (tmp_path / "off").read_text() == "off\n"
