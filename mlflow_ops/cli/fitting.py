"""Helps that fit a terminal narrower than click thinks any to be."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

NARROW = 64
NAMES = 12  # beside longer ones there is no room for what they do


class Narrow(click.HelpFormatter):
    """Writes what an option does below its name."""

    def write_dl(
        self, rows: Iterable[tuple[str, str]], col_max: int = NAMES, col_spacing: int = 2
    ) -> None:
        """Write a list of names and what they do."""
        super().write_dl(rows, min(col_max, NAMES), col_spacing)


class Fitting(click.Context):
    """What a command is run in, with helps that fit the terminal."""

    def make_formatter(self) -> click.HelpFormatter:
        """Return what writes the help."""
        columns = self.terminal_width or shutil.get_terminal_size().columns
        if columns >= NARROW:
            return super().make_formatter()
        return Narrow(width=columns - 1)
