"""What is printed fits what it is printed on: no colour or control codes where none are wanted."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from mlflow_ops.cli import COMMANDS, group
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.show import Screen
from mlflow_ops.errors import NotReady

COLOURFUL = {"NO_COLOR": "", "TERM": "xterm-256color", "COLUMNS": "80"}


def speak() -> None:
    """Say a step that lasts, a table and a line, as commands say them."""
    screen = Screen()
    with screen.step("bucket", "make it") as voice:
        voice.show("a passing line")
    screen.done("made")
    screen.table(["name", "id"], [["mlflow", "i-0123456789abcdef0"]])


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    """Return what a real terminal gets."""
    for name, value in (COLOURFUL | environment).items():
        monkeypatch.setenv(name, value)
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        speak()
    found = b""
    with suppress(OSError):  # Linux's way to say that nobody writes any more
        while piece := os.read(ours, 65_536):
            found += piece
    os.close(ours)
    return found.decode()


@pytest.mark.parametrize("plain", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_no_colours_gets_no_control_code_and_misses_nothing(
    plain: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = on_a_terminal(monkeypatch, **plain)
    assert "\x1b" not in found
    first, done, heading, row = found.splitlines()
    assert first == "… bucket          make it"
    assert (done[0], done[-4:], heading.split()) == ("✓", "made", ["name", "id"])
    assert row == "mlflow  i-0123456789abcdef0"


def test_any_other_terminal_gets_a_step_that_lives_and_headings_that_stand_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = on_a_terminal(monkeypatch)
    assert "a passing line" in found
    assert "\x1b[1mname" in found


def test_a_pipe_gets_text_alone_even_where_colours_are_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (COLOURFUL | {"FORCE_COLOR": "1", "COLUMNS": "20"}).items():
        monkeypatch.setenv(name, value)
    speak()
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert out.splitlines()[-1] == "mlflow  i-0123456789abcdef0"


def test_streams_that_were_closed_before_it_began_end_no_command() -> None:
    program = Path(sys.executable).with_name("mlflow-ops")
    line = f"{program} list --sandbox <&- >&- 2>&-"
    assert subprocess.run(["/bin/sh", "-c", line], check=False).returncode == 0


@pytest.mark.parametrize("columns", [40, 200])
@pytest.mark.parametrize("words", [["--help"], ["logs", "--help"], ["up", "--help"]])
def test_helps_fit_narrow_and_wide_terminals(
    words: list[str],
    columns: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    group.main(words, prog_name="mlflow-ops", standalone_mode=False)
    own, _, _ = capsys.readouterr().out.partition("Example:")  # which is as it is
    assert max(map(len, own.splitlines())) <= min(columns, 80)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_works_its_example_out(command: str) -> None:
    found = group.get_command(None, command)  # type: ignore[arg-type]  # it asks for no context
    assert found
    _, _, example = str(found.epilog).partition("Example:\n")
    lines = [line for line in example.partition("Exit codes:")[0].splitlines() if line.strip("\b ")]
    typed = [line for line in lines if line.startswith("  $ ")]
    assert any(f"mlflow-ops {command}" in line for line in typed), example
    assert len(lines) > len(typed), f"{command}'s example does not tell what comes of it"
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    ("end", "code"),
    [(SystemExit(143), 143), (NotReady("It has gone."), 3), (KeyboardInterrupt(), 1)],
)
@pytest.mark.parametrize("given", [True, False])
def test_with_json_there_is_one_document_whatever_comes_after_it(
    end: BaseException, code: int, *, given: bool
) -> None:
    @stack_command(example="$ mlflow-ops late", name="late")
    def late(call: Call) -> None:
        if given:
            call.screen().result({"uri": "http://localhost"})
        raise end

    ended = CliRunner().invoke(late, ["--json"])
    assert ended.exit_code == code
    assert ended.stderr.startswith("Error: ")
    assert list(json.loads(ended.stdout)) == ["uri" if given else "error"]
