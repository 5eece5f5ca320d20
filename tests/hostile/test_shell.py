"""Whatever a value is, in a shell it is one word; shown by a real `sh` in a folder of its own."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hostile.words import FRAGMENTS, TEXTS, on_one_command_line
from hypothesis import given, settings

from mlflow_ops import commands, host, transcript
from mlflow_ops.server import asking

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = TEXTS.filter(on_one_command_line)
# Enough to find what any fragment does, and few enough to be quick.
FEW = settings(max_examples=40, deadline=None)


def run(command: str, home: Path, stdin: str = "") -> str:
    """Run the command as the host would, and return what it printed."""
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=home,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        input=stdin.encode("utf-8", "surrogateescape"),
        capture_output=True,
        timeout=60,
        check=True,
    )
    return ended.stdout.decode("utf-8", "surrogateescape")


def left_in(home: Path) -> set[str]:
    """Return the files below the folder."""
    return {str(path.relative_to(home)) for path in home.rglob("*") if not path.is_dir()}


class Locally(host.Host):
    """A host whose commands run in a folder here."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def run(self, command: str, *, deadline: float = 60.0, stdin: str = "") -> str:
        return run(transcript.limited(command, deadline), self.home, stdin)


@FEW
@given(WORDS.map(lambda words: words.replace("/", "_").strip("/.")).filter(bool))
def test_a_file_is_put_where_it_was_named_and_nothing_else_happens(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Locally(Path(folder)).put(name, "text")
        assert left_in(Path(folder)) == {name}


@FEW
@given(WORDS)
def test_a_file_holds_what_was_put_there(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Locally(Path(folder)).put("file", text.replace("\udcff", ""))
        held = (Path(folder) / "file").read_bytes()
        assert held == text.replace("\udcff", "").encode()
        assert left_in(Path(folder)) == {"file"}


@FEW
@given(WORDS.map(lambda words: words.replace("\n", "")).filter(bool))
def test_a_key_is_let_in_once_and_runs_nothing(key: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        run(commands.admit(key), home)
        run(commands.admit(key), home)
        listed = (home / ".ssh" / "authorized_keys").read_bytes()
        assert listed.decode("utf-8", "surrogateescape") == f"{key}\n"
        assert left_in(home) == {".ssh/authorized_keys"}


@FEW
@given(WORDS)
def test_a_limit_changes_nothing_of_a_command(words: str) -> None:
    import shlex  # noqa: PLC0415 - what the command under test is made of

    with tempfile.TemporaryDirectory() as folder:
        printed = run(transcript.limited(f"printf %s {shlex.quote(words)}", 10), Path(folder))
        assert printed == words
        assert left_in(Path(folder)) == set()


@pytest.mark.parametrize("path", ["", *FRAGMENTS])
def test_a_checksum_is_of_that_file_alone(path: str, tmp_path: Path) -> None:
    if not on_one_command_line(path):
        return
    home = tmp_path / "of"
    home.mkdir()
    printed = run(commands.sha256(path), home).strip()
    assert printed == "" or len(printed) == 64
    assert left_in(home) == set()


@pytest.mark.parametrize("facts", [commands.facts, asking.facts])
def test_a_hosts_own_values_make_up_no_fact(facts: Callable[[], str], tmp_path: Path) -> None:
    home = tmp_path / "x\nunit=forged\nrunning=yes\n$(touch OWNED)"
    home.mkdir()
    found = commands.parse_facts(run(facts(), home))
    assert found.get("unit", "") != "forged"
    assert found.get("running", "") != "yes"
    assert left_in(home) == set()
