"""From bytes to a data set that can be trained on, or one sentence that says why not."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from trainer.errors import DataError, brief

if TYPE_CHECKING:
    from collections.abc import Iterable

COLUMNS = (
    "fixed acidity",
    "volatile acidity",
    "citric acid",
    "residual sugar",
    "chlorides",
    "free sulfur dioxide",
    "total sulfur dioxide",
    "density",
    "pH",
    "sulphates",
    "alcohol",
    "quality",
)
FEWEST_ROWS = 8  # a quarter of them is 2, the fewest that an R² can be computed from

_HEADER = 'its first line must name the twelve wine-quality columns, separated by ";"'
_SHOWN = 40


def table(raw: bytes, name: str) -> pd.DataFrame:
    """Read a semicolon-separated table and return its twelve columns as floats.

    Raises DataError with one sentence naming the file, the column or row, and what to do.
    """
    frame = _read(_text(raw, name), name)
    _check_columns(frame, name)
    if len(frame) < FEWEST_ROWS:
        raise DataError(f"{name} has {len(frame)} rows of data; at least {FEWEST_ROWS} are needed.")
    numbers = {column: _numbers(frame[column], name) for column in COLUMNS}
    checked: pd.DataFrame = pd.DataFrame(numbers)
    return checked


def _text(raw: bytes, name: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name} is not UTF-8 text (byte {error.start} is no part of any character); "
            "save it as CSV in UTF-8."
        ) from error
    if not text.strip():
        raise DataError(f"{name} is empty; {_HEADER}.")
    if "\0" in text:
        raise DataError(f"{name} is not text but binary data; save it as CSV in UTF-8.")
    return text


def _read(text: str, name: str) -> pd.DataFrame:
    header = text.lstrip().splitlines()[0]
    if ";" not in header and "," in header:
        raise DataError(f'{name} is separated by commas; separate its columns by ";" instead.')
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(io.StringIO(text), sep=";", index_col=False, low_memory=False)
    except (ValueError, pd.errors.ParserWarning) as error:
        raise DataError(f"{name} cannot be read as a table ({brief(error)}); {_HEADER}.") from error


def _check_columns(frame: pd.DataFrame, name: str) -> None:
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise DataError(f"{name} has no {_named(missing)}; {_HEADER}.")
    unknown = [str(column) for column in frame.columns if column not in COLUMNS]
    if unknown:
        raise DataError(
            f"{name} has an unexpected {_named(unknown)}; take it out, as the model knows "
            "the twelve wine-quality columns only."
        )


def _named(columns: Iterable[str]) -> str:
    quoted = [f'"{_short(column)}"' for column in columns]
    return f"column {quoted[0]}" if len(quoted) == 1 else f"columns {', '.join(quoted)}"


def _numbers(cells: pd.Series, name: str) -> pd.Series:
    """Return the column as floats; a cell that is missing, no number or not finite is an error."""
    where = f'{name}: column "{cells.name}"'
    numbers = pd.to_numeric(cells, errors="coerce").astype(float)
    if pd.api.types.is_bool_dtype(cells):
        raise DataError(f"{where} holds true and false where numbers are needed.")
    bad = ~np.isfinite(numbers.to_numpy())
    if bad.any():
        row = int(bad.argmax())
        cell = cells.iloc[row]
        what = "is empty" if pd.isna(cell) else f'holds "{_short(cell)}", which is not a number,'
        raise DataError(f"{where} {what} in row {row + 1} of the data; correct or remove that row.")
    return numbers


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
