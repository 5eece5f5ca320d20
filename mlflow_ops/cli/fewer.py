"""What of a table a narrow terminal has room for: shorter ids, then fewer columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops.cli.table import fits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow_ops.cli.table import Column


@dataclass(frozen=True)
class Fewer:
    """A table as far as there is room for it, and what of the whole one is not in it."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    cut: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say what is missing, and where all of it is; nothing when nothing is."""
        parts = [f"No room for {', '.join(self.left_out)}"] if self.left_out else []
        parts += [f"only the beginning of each {', '.join(self.cut)}"] if self.cut else []
        said = ", and ".join(parts)
        return f"{said[0].upper()}{said[1:]}: a pipe and --json have all." if said else ""


def fitting(columns: Sequence[Column], rows: Sequence[Sequence[str]], room: int | None) -> Fewer:
    """Return the table with as much as fits; all of it where even the least does not.

    What is `brief` is cut before any column is left out, and the most `spare` columns go first.
    """
    whole = Fewer(columns, rows)
    if room is None or not rows:
        return whole
    possible = (whole, *_without(_shortened(whole)))
    return next((each for each in possible if fits(each.columns, each.rows, room)), whole)


def _shortened(whole: Fewer) -> Fewer:
    brief = [column.brief for column in whole.columns]
    rows = [[_cut(cell, most) for cell, most in zip(row, brief, strict=True)] for row in whole.rows]
    cut = [
        column.heading
        for at, column in enumerate(whole.columns)
        if any(old[at] != new[at] for old, new in zip(whole.rows, rows, strict=True))
    ]
    return Fewer(whole.columns, rows, tuple(cut))


def _cut(cell: str, most: int) -> str:
    return f"{cell[:most]}…" if 0 < most < len(cell) - 1 else cell


def _without(whole: Fewer) -> Iterator[Fewer]:
    """Yield the table with ever fewer columns: of those that are as spare, the last goes first."""
    spare = [at for at, column in enumerate(whole.columns) if column.spare]
    going = sorted(spare, key=lambda at: (whole.columns[at].spare, at), reverse=True)
    for count in range(len(going) + 1):
        kept = [at for at in range(len(whole.columns)) if at not in going[:count]]
        yield Fewer(
            [whole.columns[at] for at in kept],
            [[row[at] for at in kept] for row in whole.rows],
            whole.cut,
            tuple(whole.columns[at].heading for at in sorted(going[:count])),
        )
