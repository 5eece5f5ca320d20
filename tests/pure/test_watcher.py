"""The watcher on a host: what it does when the machine, or a file of its own, does not tell."""

from __future__ import annotations

import io
import json
import os
import shlex
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

import pytest

from mlflow_ops.lifetime.watcher import sessions
from mlflow_ops.lifetime.watcher.commands import main
from mlflow_ops.lifetime.watcher.limits import Now
from mlflow_ops.lifetime.watcher.machine import Script, Systemd, worked
from mlflow_ops.server import keeping_up

if TYPE_CHECKING:
    from pathlib import Path

USE = '[ 9.0] host mlflow[7]: INFO: 10.0.0.7:1 - "POST /api/2.0/mlflow/runs/create HTTP/1.1" 200 OK'
PROGRAMS = {
    "systemctl": 'case $1 in poweroff) echo off >> "$HOME/off" ;; esac',
    "ss": ":",
    "journalctl": ":",
}
# Beyond the largest process id of Linux, and so of no process that has started the test.
UNUSED_PID = 1 << 23
JUNK = ["", "{", "[]", "5", '{"last": "x", "moved": 5, "end": [], "limit": 1}', "\0\xff"]


class Booted:
    """A machine with systemd, whose programs a test may replace, and at which nobody works."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder, self.settings = folder, folder / "lifetime.json"
        self.memory = folder / "seen" / "memory.json"
        self.processes, self.patch = folder / "processes", patch
        patch.setenv("PATH", f"{folder}:{os.defpath}")
        patch.setenv("HOME", str(folder))
        for name, lines in PROGRAMS.items():
            self.has(name, lines)

    def has(self, name: str, lines: str) -> None:
        """Let a program be this one."""
        file = self.folder / name
        file.write_text(f"#!/bin/sh\n{lines}\n")
        file.chmod(0o755)

    def run(self, *words: str, stdin: str = "") -> str:
        """Run a command of the watcher's, and return what it prints."""
        self.patch.setattr("sys.stdin", io.StringIO(stdin))
        with redirect_stdout(io.StringIO()) as printed:
            words = (str(self.settings), str(self.memory.parent), *words)
            assert main([*words], self.processes) == 0
        return printed.getvalue()

    def tell(self) -> Any:  # noqa: ANN401 - one JSON document
        """Return what it tells."""
        return json.loads(self.run("tell"))

    def idle_for(self, seconds: float) -> None:
        """Let it remember a use that is so long ago."""
        known = json.loads(self.memory.read_text())
        self.memory.write_text(json.dumps({**known, "last": known["last"] - seconds}))

    @property
    def is_off(self) -> bool:
        """Whether it was powered off."""
        return (self.folder / "off").exists()


@pytest.fixture
def booted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Booted:
    """Return a machine that stops after 500 seconds without use."""
    machine = Booted(tmp_path, monkeypatch)
    machine.run("arm", stdin='{"ttl": 28800, "idle": 500}')
    return machine


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_a_look_that_fails_powers_nothing_off_for_idleness_and_forgets_no_use(
    booted: Booted, name: str
) -> None:
    booted.idle_for(600)
    booted.has(name, "exit 1")
    assert booted.tell()["quiet"] is None
    booted.run("look")
    assert not booted.is_off
    booted.has(name, PROGRAMS[name])
    assert 600 <= booted.tell()["quiet"] < 700
    booted.run("look")
    assert booted.is_off


def test_who_is_at_work_over_ssh_keeps_it_up(booted: Booted) -> None:
    booted.idle_for(600)
    session = UNUSED_PID
    process(booted.processes, session, ["sshd: ubuntu@notty"], session + 1)
    process(booted.processes, session + 1, ["python", "long_job.py"])
    booted.run("look")
    assert not booted.is_off
    assert booted.tell()["quiet"] < 60


def test_a_use_that_is_logged_while_another_look_fails_counts_later(booted: Booted) -> None:
    booted.idle_for(600)
    told = booted.folder / "told"
    booted.has("journalctl", f": > {told}")
    booted.has("ss", "exit 1")
    booted.run("look")
    assert not told.exists()


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_its_time_limit_ends_although_looks_fail(booted: Booted, name: str) -> None:
    if name != "systemctl":
        booted.has(name, "exit 1")
    known = json.loads(booted.settings.read_text())
    booted.settings.write_text(json.dumps({**known, "ttl": 1, "until": 1, "set": 1}))
    booted.run("look")
    assert booted.is_off


def test_a_place_that_takes_no_file_keeps_no_limit_from_its_end(booted: Booted) -> None:
    for file in booted.memory.parent.iterdir():
        file.unlink()
    booted.memory.parent.rmdir()
    booted.memory.parent.write_text("a file")
    assert not booted.tell()["quiet"]
    known = json.loads(booted.settings.read_text())
    booted.settings.write_text(json.dumps({**known, "ttl": 1, "until": 1, "set": 1}))
    booted.run("look")
    assert booted.is_off


@pytest.mark.parametrize("junk", JUNK)
def test_a_damaged_memory_keeps_the_machine_up_and_its_limit(booted: Booted, junk: str) -> None:
    before = booted.tell()
    booted.memory.write_text(junk, encoding="latin-1")
    booted.run("look")
    after = booted.tell()
    assert not booted.is_off
    assert after["quiet"] < 60
    assert abs(after["until"] - before["until"]) <= 1 or after["left"] <= 28_800


@pytest.mark.parametrize("junk", JUNK)
def test_damaged_settings_are_none_and_are_armed_again(booted: Booted, junk: str) -> None:
    booted.settings.write_text(junk, encoding="latin-1")
    assert set(booted.tell().values()) == {None}
    booted.run("look")
    armed = json.loads(booted.run("arm", stdin='{"ttl": 28800, "idle": 500}'))
    assert (armed["ttl"], armed["idle"]) == (28_800, 500)


@pytest.mark.parametrize("junk", [*JUNK, "12", '{"size": "x"}', '{"size": -1}', '{"size": 1e9}'])
def test_a_damaged_place_in_the_log_has_it_read_anew(tmp_path: Path, junk: str) -> None:
    (tmp_path / "log").write_text(f"{USE}\n")
    script = Script(tmp_path, tmp_path / "log", [])
    now = script.now()
    assert [line for _, line in script.log(now)] == [USE]
    assert list(script.log(now)) == []
    [place] = tmp_path.glob("place*")
    place.write_text(junk, encoding="latin-1")
    assert [line for _, line in script.log(now)] == [USE]
    assert list(script.log(now)) == []


def test_the_journal_is_read_from_the_boot_on_and_then_since_the_last_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Booted(tmp_path, monkeypatch)
    machine.has("journalctl", f'echo "$*" >> {tmp_path}/asked; echo {shlex.quote(USE)}')
    system, boot = Systemd(tmp_path), 1_000.0
    assert [at for at, _ in system.log(Now(0.0, boot + 500, boot))] == [9.0]
    assert list(system.log(Now(0.0, boot + 560, boot)))
    asked = (tmp_path / "asked").read_text().splitlines()
    assert [words.rpartition("--since=")[2] for words in asked] == ["-500s", "-120s"]


def test_a_line_of_a_boot_before_is_no_use_in_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = Booted(tmp_path, monkeypatch)
    machine.has("journalctl", f"echo {shlex.quote(USE.replace('9.0', '90000.0'))}")
    assert list(Systemd(tmp_path).log(Now(0.0, 500.0, 0.0))) == []


def process(folder: Path, pid: int, words: list[str], *children: int) -> Path:
    """Lay out what /proc tells of a process."""
    place = folder / str(pid)
    (place / "task" / str(pid)).mkdir(parents=True)
    (place / "cmdline").write_text("".join(f"{word}\0" for word in words))
    (place / "task" / str(pid) / "children").write_text("".join(f"{each} " for each in children))
    return place


def followed() -> list[list[str]]:
    """Return the programs that `logs --follow` runs on a host."""
    lines = keeping_up.shown(100, None, follow=True).splitlines()
    return [shlex.split(each) for each in lines if each.startswith(("journalctl", "tail"))]


def test_who_only_follows_the_log_is_not_at_work(tmp_path: Path) -> None:
    assert len(followed()) == 2
    for at, words in enumerate(followed()):
        home = tmp_path / str(at)
        session = process(home, 1, ["sshd-session: ubuntu@notty"], 2)
        process(home, 2, ["bash", "-c", "if systemctl cat ..."], 3)
        process(home, 3, words)
        assert not sessions.is_at_work(session)
        (session / "task/1/children").write_text("3 ")
        assert not sessions.is_at_work(session)


@pytest.mark.parametrize(
    "words",
    [
        ["sleep", "9"],
        ["journalctl", "-f"],
        ["sh", "-c", "read x"],
        ["tail", "-F", "x"],
        [],
        ["sh", "mlflow-server", "-f"],
    ],
)
def test_who_runs_anything_else_besides_is_at_work(tmp_path: Path, words: list[str]) -> None:
    session = process(tmp_path, 1, ["sshd: ubuntu@notty"], 2, 3)
    process(tmp_path, 2, followed()[0])
    process(tmp_path, 3, words)
    assert sessions.is_at_work(session)


@pytest.mark.parametrize(
    ("chain", "quiet"),
    [
        ([["-bash"]], 900),
        ([["-bash"], ["sudo", "-i"], ["bash"]], 900),
        ([["-bash"], ["python", "long_job.py"]], 0),
        ([["bash", "-c", " python long_job.py"], ["python", "long_job.py"]], 0),
    ],
)
def test_a_program_in_a_terminal_is_at_work_and_a_shell_only_while_somebody_types(
    tmp_path: Path, chain: list[list[str]], quiet: float
) -> None:
    ours, theirs = os.openpty()
    session = process(tmp_path, 1, ["sshd: ubuntu@pts/0"], 2)
    for pid, words in enumerate(chain, 2):
        process(tmp_path, pid, words, *([pid + 1] if pid - 1 < len(chain) else []))
    now = Now(os.fstat(theirs).st_atime + 900, 5_000.0, 0.0)
    [at] = worked(session, os.ttyname(theirs).removeprefix("/dev/"), now)
    assert now.steady - at == pytest.approx(quiet)
    os.close(ours)
    os.close(theirs)


def test_a_mere_tunnel_is_no_work(tmp_path: Path) -> None:
    assert not sessions.is_at_work(process(tmp_path, 1, ["sshd: ubuntu@notty"]))
