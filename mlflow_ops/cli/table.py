"""How rows and columns look: aligned where there is room, one block a row where there is none."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

GAP = "  "
NARROWEST = 16  # characters of a column whose sentences are wrapped


@dataclass(frozen=True)
class Column:
    """A column's heading; `right` for numbers, which are read from their end.

    On a terminal too narrow for all, the first `brief` characters of a cell are enough, and the
    most `spare` columns go first; 0 keeps all of it.
    """

    heading: str
    right: bool = False
    brief: int = 0
    spare: int = 0


class Line(NamedTuple):
    """One line of a table, and whether it is the headings'."""

    text: str
    heading: bool = False


def cell_len(text: str) -> int:
    """Return how many places of a terminal a text takes."""
    from rich.cells import cell_len as counted  # noqa: PLC0415 - takes a while, and --help needs no table

    return counted(text)


def lines(
    columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int | None
) -> Iterator[Line]:
    """Yield the lines of a table for a terminal of `room` characters; None has room for all.

    Sentences are wrapped where that makes it fit, words and ids never are: what is still too wide
    becomes a block of lines for each row.
    """
    widths = _widths(columns, rows)
    if room is not None:
        widths = _squeezed(widths, _least(columns, rows), room)
        if _total(widths) > room:
            yield from _blocks(columns, rows, room)
            return
    yield Line(_line(columns, [column.heading for column in columns], widths), heading=True)
    for row in rows:
        wrapped = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
        for cells in zip_longest(*wrapped, fillvalue=""):
            yield Line(_line(columns, cells, widths))


def hanging(head: str, text: str, room: int | None) -> Iterator[str]:
    """Yield the lines of a text after a head, under which it does not go."""
    width = cell_len(head)
    parts = [text] if room is None else _wrapped(text, max(NARROWEST, room - width))
    for start, part in zip_longest([head], parts, fillvalue=" " * width):
        yield start + part


def fits(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> bool:
    """Whether `lines` has room for the columns side by side."""
    squeezed = _squeezed(_widths(columns, rows), _least(columns, rows), room)
    return _total(squeezed) <= room


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    return [
        max(cell_len(each) for each in cells)
        for cells in zip(*rows, [column.heading for column in columns], strict=True)
    ]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _least(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[int]:
    """Return how narrow each column can be with no word of it broken."""
    headings = [cell_len(column.heading) for column in columns]
    cells = zip(*rows, strict=True)
    words = [max(cell_len(word) for cell in each for word in _words(cell)) for each in cells]
    return [max(pair) for pair in zip(headings, words, strict=True)]


def _words(cell: str) -> list[str]:
    """Return what of a cell stays together: all of it, unless it is too long for that."""
    return [cell] if cell_len(cell) <= NARROWEST else cell.split()


def _squeezed(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return the widths with the widest columns made narrower until they fit, where they can."""
    found = list(widths)
    while (over := _total(found) - room) > 0:
        loose = [at for at, width in enumerate(found) if width > max(least[at], NARROWEST)]
        if not loose:
            break
        widest = max(loose, key=found.__getitem__)
        found[widest] = max(least[widest], NARROWEST, found[widest] - over)
    return found


def _wrapped(cell: str, width: int) -> list[str]:
    if cell_len(cell) <= width:
        return [cell]
    # Counted in characters: one that takes two places counts for one, and lines come out long.
    wide = cell_len(cell) - len(cell)
    return textwrap.wrap(
        cell, max(1, width - wide), break_long_words=False, break_on_hyphens=False
    ) or [""]


def _line(columns: Sequence[Column], cells: Iterable[str], widths: Sequence[int]) -> str:
    padded = (
        _space(cell, width) + cell if column.right else cell + _space(cell, width)
        for column, cell, width in zip(columns, cells, widths, strict=True)
    )
    return GAP.join(padded).rstrip()


def _space(cell: str, width: int) -> str:
    return " " * (width - cell_len(cell))


def _blocks(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int) -> Iterator[Line]:
    """Yield a block of lines a row; a word too long for its line is the terminal's to wrap."""
    names = [column.heading for column in columns]
    width = max(map(cell_len, names))
    for number, row in enumerate(rows):
        if number:
            yield Line("")
        for name, cell in zip(names, row, strict=True):
            parts = _wrapped(cell, max(NARROWEST, room - width - len(GAP)))
            for head, part in zip_longest([name], parts, fillvalue=""):
                yield Line(f"{head}{_space(head, width)}{GAP}{part}".rstrip())
