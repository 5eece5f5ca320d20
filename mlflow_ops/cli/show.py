"""How things look: live on a terminal, plain lines in a pipe, one document with --json."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import click

from mlflow_ops.cli import fewer
from mlflow_ops.cli.sentences import addressed
from mlflow_ops.cli.stream import give
from mlflow_ops.cli.table import Column, hanging, lines
from mlflow_ops.errors import BadOption, MlflowOpsError
from mlflow_ops.stack import Voice
from trainer import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlflow_ops.cli.paper import Paper

WIDTH = 15


@dataclass
class Screen:
    """Where a command's words go: chatter beside the result, and the result itself.

    `same` are the options that make the commands named there mean the same stack.
    """

    as_json: bool = False
    same: str = ""
    console: Paper = field(init=False)
    finished: list[str] = field(default_factory=list, init=False)
    _name: str = field(default="", init=False)
    _started: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        from mlflow_ops.cli import paper  # noqa: PLC0415 - loads rich, which --help needs not

        self.console = paper.on(sys.stderr if self.as_json else sys.stdout)

    def say(self, text: str = "") -> None:
        """Say something to the person who watches."""
        shown = visible.text(addressed(text, self.same))
        self.console.print(shown, soft_wrap=True, markup=False)

    def row(self, text: str) -> None:
        """Say one line, whatever stands in it: a newline in somebody's words begins no other."""
        self.say(visible.line(text))

    def hang(self, head: str, text: str) -> None:
        """Say one line; what a terminal has no room for goes on below, under where it began."""
        room = self.console.width if self.console.is_terminal else None
        for line in hanging(head, self._cell(text), room):
            self.console.print(line, soft_wrap=True, markup=False)

    def table(self, columns: Sequence[str | Column], rows: Iterable[Sequence[object]]) -> None:
        """Say rows under headings, in columns, or in blocks on a terminal too narrow for them.

        A cell is one line, whatever stands in it, and None is a dash; what was cut or left out, as
        columns may say of themselves, is told. Nothing is said without rows.
        """
        cells = [[self._cell(cell) for cell in row] for row in rows]
        named = [each if isinstance(each, Column) else Column(each) for each in columns]
        heads = [replace(column, heading=self._cell(column.heading)) for column in named]
        room = self.console.width if self.console.is_terminal else None
        seen = fewer.fitting(heads, cells, room)
        for text, heading in lines(seen.columns, seen.rows, room) if cells else ():
            self.console.print(text, style="bold" if heading else "", soft_wrap=True, markup=False)
        if missing := str(seen):
            self.row(missing)

    def _cell(self, said: object) -> str:
        text = "-" if said is None else str(said)
        return visible.line(addressed(text, self.same)).replace("\t", " ")

    def result(self, document: dict[str, Any]) -> None:
        """Print the one JSON document, with --json alone."""
        if self.as_json:
            give(document)

    def confirm(self, question: str) -> None:
        """Ask, and raise MlflowOpsError on a no; BadOption where nobody can answer."""
        if not sys.stdin.isatty():
            raise BadOption("Nobody is here to be asked: say --yes to go on.")
        if not click.confirm(question, err=self.as_json):
            raise MlflowOpsError("You said no: nothing was changed.")

    def confirm_by_typing(self, question: str, word: str) -> None:
        """Ask for a word to be typed, and raise MlflowOpsError for any other; else as `confirm`."""
        if not sys.stdin.isatty():
            raise BadOption("Nobody is here to be asked: say --yes to go on.")
        said = click.prompt(question, default="", show_default=False, err=self.as_json)
        if said.strip() != word:
            raise MlflowOpsError(f"That is not {word!r}: nothing was changed.")

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[Voice]:
        """Show a step while it lasts: live on a terminal, and one line when it failed."""
        self._name, self._started = name, time.monotonic()
        try:
            if self.console.is_lively:
                with self.console.live(f"{name:<{WIDTH}} {doing}") as show:
                    yield Voice(self._note, show)
            else:
                if self.console.is_terminal:  # where somebody waits
                    self.row(f"… {name:<{WIDTH}} {doing}")
                yield Voice(self._note)
        except BaseException:
            self.say(f"✗ {name:<{WIDTH}} {self._seconds()}")
            raise

    def note(self, text: str) -> None:
        """Say something that belongs to no step."""
        self.say(text)

    def done(self, what: str) -> None:
        """Say what the step that just ended came to, and how long it took."""
        self.finished.append(self._name)
        self.row(f"✓ {self._name:<{WIDTH}} {self._seconds()}  {what}")

    def _note(self, text: str) -> None:
        self.say(f"  {self._name:<{WIDTH}} {text}")

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._started:5.1f} s"
