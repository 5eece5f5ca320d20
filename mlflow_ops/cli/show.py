"""How things look: live on a terminal, plain lines in a pipe, one document with --json."""

from __future__ import annotations

import io
import json
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TimeElapsedColumn

from mlflow_ops.cli.sentences import addressed
from mlflow_ops.cli.stream import UNHEARD
from mlflow_ops.errors import BadOption, MlflowOpsError
from mlflow_ops.stack import Voice
from trainer import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


WIDTH = 15
LAST_LINE = 60


class Paper(Console):
    """Where lines go; it ends the command when the reader of a pipe has gone."""

    def on_broken_pipe(self) -> None:
        """Leave, as SIGPIPE would make us, but past every `finally`."""
        sys.exit(UNHEARD)


@dataclass
class Screen:
    """Where a command's words go: chatter beside the result, and the result itself.

    `same` are the options that make the commands named there mean the same stack.
    """

    as_json: bool = False
    same: str = ""
    console: Console = field(init=False)
    finished: list[str] = field(default_factory=list, init=False)
    _name: str = field(default="", init=False)
    _started: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        file = sys.stderr if self.as_json else sys.stdout
        if isinstance(file, io.TextIOWrapper):  # a stream that has no ✓ gets a ? for it
            file.reconfigure(errors="replace")
        self.console = Paper(file=file, highlight=False, emoji=False)

    def say(self, text: str = "") -> None:
        """Say something to the person who watches."""
        shown = visible.text(addressed(text, self.same))
        self.console.print(shown, soft_wrap=True, markup=False)

    def row(self, text: str) -> None:
        """Say one line, whatever stands in it: a newline in somebody's words begins no other."""
        self.say(visible.line(text))

    def result(self, document: dict[str, Any]) -> None:
        """Print the one JSON document, with --json alone."""
        if self.as_json:
            click.echo(json.dumps(document))

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
            if self.console.is_terminal:
                with self._live(f"{name:<{WIDTH}} {doing}") as show:
                    yield Voice(self._note, show)
            else:
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

    @contextmanager
    def _live(self, words: str) -> Iterator[Callable[[str], None]]:
        columns = (
            SpinnerColumn(),
            "{task.description}",
            TimeElapsedColumn(),
            "{task.fields[line]}",
        )
        with Progress(*columns, console=self.console, transient=True) as progress:
            task = progress.add_task(escape(words), total=None, line="")
            yield lambda line: progress.update(task, line=_printable(line))

    def _seconds(self) -> str:
        return f"{time.monotonic() - self._started:5.1f} s"


def _printable(line: str) -> str:
    """Return what of a host's line is safe to show, and short enough."""
    return escape(visible.line(line, LAST_LINE)[:LAST_LINE])
