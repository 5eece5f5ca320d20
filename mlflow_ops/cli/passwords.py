"""A new password on its way in from a person, and out to one: never an argument of a program."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlflow_ops.errors import BadOption
from mlflow_ops.server import accounts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONGEST = 1024


@dataclass(frozen=True)
class Wish:
    """How the user wants it: typed by stdin, else generated; into a file, else on stdout."""

    typed: bool
    file: Path | None

    def check_shown(self, *, as_json: bool) -> None:
        """Raise BadOption where a generated password would have nowhere to go."""
        if as_json and not (self.typed or self.file):
            raise BadOption(
                "--json shows no password: say --password-file PATH for a private file of it, or "
                "--password-stdin to choose it."
            )

    @contextmanager
    def password(self) -> Iterator[str]:
        """Give the password; its file is there before it is used, and gone again if that fails."""
        password = accounts.good(_typed()) if self.typed else accounts.generated()
        if self.file:
            _born(self.file, password)
        try:
            yield password
        except BaseException:
            if self.file:
                self.file.unlink(missing_ok=True)
            raise

    def show(self, password: str) -> None:
        """Show a password once, alone on stdout, that stands nowhere else."""
        if not (self.typed or self.file):
            click.echo(password)


def options(function: Callable[..., None]) -> Callable[..., None]:
    """Add the options that make a wish, as `typed` and `file`."""
    typed = click.option(
        "--password-stdin", "typed", is_flag=True, help="Read the password, instead of making one."
    )
    file = click.option(
        "--password-file",
        "file",
        type=click.Path(path_type=Path),
        help="New private file for the password, which is then not shown.",
    )
    return typed(file(function))


def _typed() -> str:
    if sys.stdin.isatty():
        word: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
        return word
    line = sys.stdin.buffer.readline(LONGEST + 1)
    try:
        text = line.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise BadOption("The password on stdin is not UTF-8.") from None
    if len(line) > LONGEST:
        raise BadOption(f"The password on stdin is longer than {LONGEST} bytes.")
    return text


def _born(path: Path, password: str) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadOption(
            f"--password-file {str(path)!r} is there already: name a new file."
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{password}\n")
