"""Tables are whole in a pipe, and readable on terminals of any width."""

from __future__ import annotations

import io
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mlflow_ops.cli.paper import Paper
from mlflow_ops.cli.show import Screen
from mlflow_ops.cli.table import Column, lines

ID = "i-0123456789abcdef0"
COLUMNS = ("name", Column("a day", right=True), "id", "what")
WHAT = "It runs, and all is well with it as far as anybody can tell."
ROWS = (("mlflow", "0.39", ID, WHAT), ("日本語", 12.5, ID, None))


def shown(width: int | None, columns: Any = COLUMNS, rows: Any = ROWS) -> list[str]:  # noqa: ANN401 - whatever a table takes
    """Return the lines of a table on a terminal of this width, or in a pipe."""
    screen, file = Screen(), io.StringIO()
    screen.console = Paper(
        file=file,
        highlight=False,
        color_system=None,
        force_terminal=width is not None,
        width=width or 20,
    )
    screen.table(columns, rows)
    return file.getvalue().splitlines()


def test_in_a_pipe_columns_are_aligned_and_nothing_is_cut_however_long() -> None:
    assert shown(None) == [
        f"name    a day  id{' ' * 17}  what",
        f"mlflow   0.39  {ID}  {WHAT}",
        f"日本語   12.5  {ID}  -",
    ]


def test_a_wide_terminal_shows_what_a_pipe_gets() -> None:
    assert shown(200) == shown(None)


def test_sentences_are_wrapped_where_that_makes_the_table_fit() -> None:
    found = shown(80)
    assert all(cell_len(line) <= 80 for line in found)
    assert len(found) == 4
    assert f"mlflow   0.39  {ID}  It runs, and all is well with it as far as" in found
    assert f"{' ' * 36}anybody can tell." in found


def test_on_a_narrow_terminal_each_row_is_a_block_and_an_id_is_still_whole() -> None:
    found = shown(40)
    assert all(cell_len(line) <= 40 for line in found)
    assert found[:5] == [
        "name   mlflow",
        "a day  0.39",
        f"id     {ID}",
        "what   It runs, and all is well with it",
        "       as far as anybody can tell.",
    ]
    assert found[5:] == ["", "name   日本語", "a day  12.5", f"id     {ID}", "what   -"]


KINDS = (
    *("start", "name", Column("where", spare=2), Column("user", spare=1)),
    *(Column("rmse", right=True), Column("run", brief=8)),
)
ROW = ("2026-11-24 02:14", "calm-crow", "elsewhere", "ada", "0.64", "4b4fbd97" * 4)


@pytest.mark.parametrize(
    ("width", "headings", "run", "missing"),
    [
        (84, "start name where user rmse run", ROW[-1], ""),
        (83, "start name where user rmse run", "4b4fbd97…", "Only the beginning of each run: "),
        (55, "start name user rmse run", "4b4fbd97…", "No room for where, and only the "),
        (44, "start name rmse run", "4b4fbd97…", "No room for where, user, and only "),
    ],
)
def test_a_narrow_terminal_has_shorter_ids_then_fewer_columns_and_is_told_so(
    width: int, headings: str, run: str, missing: str
) -> None:
    heading, row, *told = shown(width, KINDS, (ROW,))
    assert heading.split() == headings.split()
    assert row.split()[-1] == run
    assert bool(told) == bool(missing)
    assert not told or (told[0].startswith(missing) and "--json have all." in told[0])
    assert cell_len(row) <= width


def test_a_pipe_and_a_terminal_too_narrow_for_any_column_have_the_whole_table() -> None:
    for width in (None, 30):
        found = " ".join(shown(width, KINDS, (ROW,)))
        assert all(word in found for word in " ".join(ROW).split())
        assert "beginning" not in found


def test_nothing_is_said_without_rows_and_a_row_too_short_is_a_fault_of_ours() -> None:
    screen, file = Screen(), io.StringIO()
    screen.console = Paper(file=file)
    screen.table(COLUMNS, [])
    assert file.getvalue() == ""
    with pytest.raises(ValueError, match="argument"):
        screen.table(COLUMNS, [("one",)])


def test_what_goes_on_on_a_narrow_terminal_stays_under_where_it_began() -> None:
    screen, file = Screen(same=" --name wine"), io.StringIO()
    screen.console = Paper(file=file, force_terminal=True, width=40, color_system=None)
    screen.hang("✗ network   ", "The VPC has no\nway out: `mlflow-ops up` with another.")
    assert file.getvalue().splitlines() == [
        r"✗ network   The VPC has no\nway out:",
        "            `mlflow-ops up --name wine`",
        "            with another.",
    ]


def test_in_a_pipe_a_line_is_one_line_however_long() -> None:
    screen, file = Screen(), io.StringIO()
    screen.console = Paper(file=file, width=40)
    screen.hang("head ", "word " * 40 + "end")
    assert file.getvalue() == "head " + "word " * 40 + "end\n"


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_document_has_no_number_that_json_has_not(
    number: float, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        Screen(as_json=True).result({"metrics": {"rmse": number}})
    assert capsys.readouterr().out == ""


CELLS = st.text(st.sampled_from("ab 日-"), max_size=40)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=4),
    width=st.integers(20, 120),
)
def test_no_word_is_lost_or_broken_at_any_width(
    rows: list[tuple[str, str, str]], width: int
) -> None:
    columns = [Column("one"), Column("two", right=True), Column("three")]
    found = " ".join(line.text for line in lines(columns, rows, width)).split()
    for row in rows:
        for word in " ".join(row).split():
            found.remove(word)
