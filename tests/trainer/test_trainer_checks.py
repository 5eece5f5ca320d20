"""A file is either a data set to train on, or one clear sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer import checks
from trainer.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

HEADER = ";".join(checks.COLUMNS)
ROW = "7.4;0.7;0;1.9;0.076;11;34;0.9978;3.51;0.56;9.4;5"


def text(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join((header, *rows)).encode()


def test_the_published_data_set_is_in_order(red_wines: Path) -> None:
    frame = checks.table(red_wines.read_bytes(), "winequality-red.csv")
    assert frame.shape == (1599, 12)
    assert tuple(frame.columns) == checks.COLUMNS
    assert set(frame.dtypes) == {np.dtype(float)}


def test_byte_order_marks_line_ends_and_quotes_do_not_matter() -> None:
    plain = checks.table(text(*[ROW] * 9), "wine.csv")
    quoted = ";".join(f'"{column}"' for column in checks.COLUMNS)
    other = b"\xef\xbb\xbf" + text(*[ROW] * 9, header=quoted).replace(b"\n", b"\r\n")
    assert checks.table(other, "wine.csv").equals(plain)


def test_the_order_of_the_columns_does_not_matter() -> None:
    def turned(line: str) -> str:
        return ";".join(reversed(line.split(";")))

    frame = checks.table(text(*[turned(ROW)] * 9, header=turned(HEADER)), "wine.csv")
    assert frame.equals(checks.table(text(*[ROW] * 9), "wine.csv"))


def test_numbers_too_long_for_an_integer_are_numbers() -> None:
    frame = checks.table(text(*[ROW] * 8, ROW.replace("34", "3" * 30)), "wine.csv")
    assert frame["total sulfur dioxide"].max() == pytest.approx(3.3333e29, rel=1e-3)


BAD = {
    "nothing": (b"", "is empty"),
    "white space": (b" \n\r\n ", "is empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\xff", "is not UTF-8 text (byte 0"),
    "Latin-1": ("säure;pH\n1;2".encode("latin-1"), "is not UTF-8 text (byte 1"),
    "UTF-16": ("pH;quality\n1;2".encode("utf-16"), "is not UTF-8 text"),
    "zero bytes": (b"pH;quality\0\n1;2", "is not text but binary data"),
    "commas": (text(*[ROW] * 9).replace(b";", b","), "is separated by commas"),
    "tabs": (text(*[ROW] * 9).replace(b";", b"\t"), "has no columns"),
    "a login page": (b"<!doctype html>\n<html><body>Log in</body></html>", "has no columns"),
    "only a header": (text(), "has 0 rows of data; at least 8"),
    "too few rows": (text(*[ROW] * 7), "has 7 rows of data; at least 8"),
    "no quality": (text(*[ROW] * 9, header=HEADER.replace("quality", "grade")), '"quality"'),
    "no pH": (text(*[ROW] * 9, header=HEADER.replace("pH", "acidity")), 'no column "pH"'),
    "one more": (text(*[ROW + ";1"] * 9, header=HEADER + ";Id"), 'unexpected column "Id"'),
    "named twice": (text(*[ROW + ";1"] * 9, header=HEADER + ";pH"), 'unexpected column "pH.1"'),
    "a word": (text(*[ROW] * 8, ROW.replace("3.51", "sour")), '"pH" holds "sour", which'),
    "a grade": (text(*[ROW] * 8, ROW[:-1] + "good"), '"quality" holds "good", which'),
    "decimal commas": (text(*[ROW.replace(".", ",")] * 9), '"fixed acidity" holds "7,4"'),
    "yes and no": (text(*[ROW[:-1] + "True"] * 9), '"quality" holds true and false'),
    "a gap": (text(ROW, ROW.replace("0.56", ""), *[ROW] * 9), '"sulphates" is empty in row 2'),
    "an infinity": (text(ROW.replace("0.56", "inf"), *[ROW] * 9), '"sulphates" holds "inf"'),
    "a short row": (text(*[ROW] * 9, "7.4;0.7"), '"citric acid" is empty in row 10'),
    "a long row": (text(*[ROW] * 9, ROW + ";1;2"), "cannot be read as a table"),
    "long rows": (text(*[ROW + ";1"] * 9), "cannot be read as a table"),
    "an open quote": (text(*[ROW] * 9, '"7.4;0.7'), "cannot be read as a table"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_wrong_is_said_in_one_sentence_that_names_the_file(kind: str) -> None:
    raw, sentence = BAD[kind]
    with pytest.raises(DataError) as caught:
        checks.table(raw, "wine.csv")
    said = str(caught.value)
    assert sentence in said
    assert said.startswith("wine.csv")
    assert said.endswith(".")
    assert len(said.splitlines()) == 1
    assert len(said) < 450


@given(st.binary(max_size=200))
def test_no_bytes_at_all_lead_to_another_error(raw: bytes) -> None:
    with pytest.raises(DataError):
        checks.table(raw, "wine.csv")


def verdict(raw: bytes) -> pd.DataFrame | DataError:
    try:
        return checks.table(raw, "wine.csv")
    except DataError as error:
        return error


@settings(deadline=None)
@given(st.text(max_size=20), st.integers(0, 11), st.integers(0, 8))
def test_no_cell_at_all_leads_to_another_error(cell: str, column: int, row: int) -> None:
    cells = [ROW.split(";") for _ in range(9)]
    cells[row][column] = cell
    found = verdict(text(*map(";".join, cells)))
    if isinstance(found, DataError):
        assert len(str(found).splitlines()) == 1
    else:
        assert np.isfinite(found.to_numpy()).all()
