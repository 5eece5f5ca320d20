"""What our words are written on: a terminal that can do more or less, or a pipe."""

from __future__ import annotations

import io
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn

from mlflow_ops.cli.stream import UNHEARD
from trainer import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LAST_LINE = 60


class Paper(Console):
    """Where lines go; it ends the command when the reader of a pipe has gone."""

    def on_broken_pipe(self) -> None:
        """Leave, as SIGPIPE would make us, but past every `finally`."""
        sys.exit(UNHEARD)

    @property
    def is_lively(self) -> bool:
        """Whether a line may be drawn again and again while something lasts."""
        return self.is_terminal and not is_plain()

    @contextmanager
    def live(self, words: str) -> Iterator[Callable[[str], None]]:
        """Draw these words while something lasts, with the line beside them that is given."""
        columns = (
            SpinnerColumn(),
            "{task.description}",
            TimeElapsedColumn(),
            "{task.fields[line]}",
        )
        with Progress(*columns, console=self, transient=True) as progress:
            task = progress.add_task(escape(words), total=None, line="")
            yield lambda line: progress.update(task, line=_printable(line))


def on(file: TextIO) -> Paper:
    """Return what writes to this stream: a pipe gets text alone, whatever the environment says.

    So does a terminal that can or should do no more: https://no-color.org
    """
    if isinstance(file, io.TextIOWrapper):  # a stream that has no ✓ gets a ? for it
        file.reconfigure(errors="replace")
    colours: Literal["auto"] | None = None if is_plain() else "auto"
    terminal = file.isatty()
    return Paper(
        file=file, highlight=False, emoji=False, force_terminal=terminal, color_system=colours
    )


def is_plain() -> bool:
    """Whether the user, or the terminal, wants no colour and no control codes."""
    return bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") in {None, "dumb", "unknown"}


def _printable(line: str) -> str:
    """Return what of a host's line is safe to show, and short enough."""
    return escape(visible.line(line, LAST_LINE)[:LAST_LINE])
