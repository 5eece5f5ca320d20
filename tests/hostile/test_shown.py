"""Whatever somebody's words are, what reaches a terminal, a pipe or a log only shows them."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest
from hostile.words import FRAGMENTS, TEXTS, harm
from hypothesis import given
from hypothesis import strategies as st

from mlflow_ops import transcript
from mlflow_ops.cli import stream
from mlflow_ops.cli.paper import Paper
from mlflow_ops.cli.show import Screen
from trainer import visible

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = "".join(FRAGMENTS)


@given(TEXTS | st.text())
def test_what_is_shown_has_nothing_to_obey_and_only_its_own_lines(words: str) -> None:
    assert harm(visible.text(words)) == set()
    assert visible.text(words).count("\n") == words.count("\n")
    assert harm(visible.line(words), but="\t") == set()


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_what_harms_nobody_is_shown_as_it_is(words: str) -> None:
    assert visible.text(words) == words


def test_an_escape_is_shown_to_be_read() -> None:
    assert visible.line("a\x1b[2J\u202eb\n\udcff") == r"a\x1b[2J\u202eb\n\udcff"


@pytest.mark.parametrize("show", [visible.text, visible.line])
def test_ten_million_characters_are_a_few_thousand(show: Callable[[str], str]) -> None:
    for one in ("x", "\x1b", "\U000e0001"):
        assert len(show(one * 10_000_000)) <= 10 * visible.LONGEST + 1


@given(words=TEXTS)
def test_all_ways_of_a_screen_are_safe_on_a_terminal(words: str) -> None:
    screen, file = Screen(), io.StringIO()
    screen.console = Paper(
        file=file, highlight=False, emoji=False, force_terminal=True, width=80, color_system=None
    )
    screen.say(words)
    screen.row(words)
    screen.note(words)
    screen.done(words)
    screen.table([words, "what"], [[words, words], [None, 1]])
    assert harm(file.getvalue()) == set()
    assert file.getvalue().startswith(visible.text(words).expandtabs(8)[:1])


@given(words=TEXTS)
def test_a_row_is_one_line(words: str) -> None:
    screen, file = Screen(), io.StringIO()
    screen.console = Paper(file=file, highlight=False, emoji=False)
    screen.row(words)
    screen.done(words)
    assert file.getvalue().count("\n") == 2


def test_a_hosts_passing_line_moves_no_cursor_but_the_screens_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    screen, file = Screen(), io.StringIO()
    screen.console = Paper(file=file, emoji=False, force_terminal=True, width=200, no_color=True)
    with screen.step("software", "install") as voice:
        for fragment in FRAGMENTS:
            voice.show(fragment + "the end")
    shown = file.getvalue()
    assert "]52;" not in shown.replace(r"\x1b]52;", "")
    assert not {"\u202e", "\x9b", "\x07", "\0"} & set(shown)
    assert "\x1b[2J" not in shown


def failing(error: Exception) -> Callable[[], int]:
    def run() -> int:
        try:
            raise error
        except Exception:  # noqa: BLE001 - as the command line catches all
            stream.traced()
        return stream.failed(str(error), 1, as_json=True)

    return run


@pytest.mark.parametrize("words", [ALL, *FRAGMENTS])
def test_errors_and_their_tracebacks_are_safe_and_json_stays_json(
    words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ValueError(words))()
    out, err = capsys.readouterr()
    assert harm(err) == harm(out) == set()
    assert "Traceback" in err
    assert json.loads(out) == {"error": words}


@given(st.lists(TEXTS, max_size=4))
def test_the_tail_of_a_hosts_output_is_marked_as_the_hosts(pieces: list[str]) -> None:
    shown = transcript.tail(pieces)
    assert harm(shown) == set()
    assert all(line.startswith("  | ") for line in shown.split("\n")[1:])
    assert shown.count("\n") <= transcript.LINES_IN_ERROR


@given(TEXTS.filter(str.strip))
def test_a_command_is_named_by_one_harmless_line(command: str) -> None:
    assert harm(transcript.short(command), but="\t") == set()
