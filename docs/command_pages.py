"""The pages of docs/commands, made from the commands themselves: `make docs` writes them.

What stands in them comes from click alone, at a fixed width, so that they are the same everywhere.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click
import option_table

from mlflow_ops.cli import COMMANDS, EXIT_CODES, group
from mlflow_ops.cli.here import ALIKE, OWN, SERVERLESS
from mlflow_ops.cli.options import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "commands"
INDEX = "README.md"
WIDTH = 80
PROGRAM = "mlflow-ops"
MADE = "<!-- Made by `make docs` from the command itself: change that, and not this page. -->"


def pages() -> dict[str, str]:
    """Return the text of each page, by its file's name."""
    top = click.Context(
        group, info_name=PROGRAM, terminal_width=WIDTH, **(group.context_settings or {})
    )
    made = {f"{name}.md": _page(top, name) for name in COMMANDS}
    return {INDEX: _index(), **made}


def write() -> None:
    """Write every page, and remove those of commands that are no more."""
    FOLDER.mkdir(exist_ok=True)
    wanted = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


def _index() -> str:
    rows = [f"| [`{name}`]({name}.md) | {does} |" for name, does in COMMANDS.items()]
    table = "\n".join(["| command | does |", "|---|---|", *rows])
    return f"{MADE}\n\n# Commands\n\nIn the order of a stack's life.\n\n{table}\n\n{EXIT_CODES}\n"


def _page(top: click.Context, name: str) -> str:
    command = group.get_command(top, name)
    if command is None:
        raise LookupError(name)
    parts = [MADE, *_command(command, top, name, "#"), *_shared(command, top)]
    return "\n\n".join([*parts, EXIT_CODES, f"[All commands]({INDEX})"]) + "\n"


def _command(command: click.Command, parent: click.Context, name: str, level: str) -> Iterator[str]:
    """Yield the paragraphs about a command, and about those of a group of them."""
    context = click.Context(command, parent=parent, info_name=name)
    yield f"{level} {context.command_path}"
    yield from _paragraphs(command.help or "")
    yield _indented(command.get_usage(context).removeprefix("Usage: "))
    yield from _example(command.epilog or "")
    own = [each for each in _options(command) if each.name not in SHARED]
    if own:
        yield "Its options:"
        yield option_table.table(own, context)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            inner = command.get_command(context, each)
            if inner is not None:
                yield from _command(inner, context, each, f"{level}#")


def _example(epilog: str) -> Iterator[str]:
    """Yield the worked example that stands before the exit codes."""
    example = epilog.partition("Example:\n")[2].partition(EXIT_CODES)[0].replace("\b\n", "")
    if example.strip():
        yield "For example:"
        yield _indented(textwrap.dedent(example).strip("\n"))


def _paragraphs(text: str) -> Iterator[str]:
    """Yield click's paragraphs; one that it does not wrap is a block of its own."""
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(text)):
        kept = paragraph.removeprefix("\b\n")
        yield _indented(kept) if kept != paragraph else paragraph


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def _shared(command: click.Command, top: click.Context) -> Iterator[str]:
    """Yield the table of what every command takes; one of a group's stands for all of them."""
    name, is_group = command.name, isinstance(command, click.Group)
    if isinstance(command, click.Group):
        command = next(iter(command.commands.values()))
    context = click.Context(command, parent=top, info_name="")
    shared = {each.name: each for each in _options(command) if each.name in SHARED}
    if shared:
        after = ", after the inner command's name" if is_group else ""
        yield f"The options of all commands{after}:"
        yield option_table.table([shared[name] for name in SHARED if name in shared], context)
    if name not in {*ALIKE, *OWN, *SERVERLESS}:
        yield "`--local` has no meaning here: this is about what only a stack has."


def _options(command: click.Command) -> list[click.Option]:
    return [each for each in command.params if isinstance(each, click.Option)]


if __name__ == "__main__":
    write()
