"""Every command that the docs or an error tell somebody to run: there is one, with such options."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click
from sentences import VARIES, texts

from mlflow_ops.cli import group

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "demo.sh"]
NAMED = re.compile(rf"\bmlflow-ops ([a-z]+)([^`\n|;:{VARIES}]*)")
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z0-9-]*")
CONTEXT = click.Context(group, info_name="mlflow-ops")


def commands_of(command: click.Command) -> Iterator[click.Command]:
    yield command
    if isinstance(command, click.Group):
        yield from command.commands.values()


def wrong(text: str) -> list[str]:
    """Return what of a text names a command or an option that there is not."""
    found = []
    for name, rest in NAMED.findall(text):
        command = group.get_command(CONTEXT, name)
        if command is None:
            found.append(name)
            continue
        every = [param for each in commands_of(command) for param in each.params]
        known = {word for param in every for word in (*param.opts, *param.secondary_opts)}
        own = re.split(r" --(?: |$)|  +#|\)", rest)[0]
        found += [
            f"{name} {word}" for word in OPTION.findall(own) if word not in {*known, "--help"}
        ]
    return found


def named_in(page: Path) -> list[str]:
    """Return the code of a page; of a script, every line."""
    text = page.read_text("utf-8")
    if page.suffix != ".md":
        return text.splitlines()
    return re.findall(r"`[^`]+`|^ {4}.+$", text, re.MULTILINE)


def test_the_pages_name_commands_and_options_that_there_are() -> None:
    named = [(page.relative_to(ROOT), each) for page in PAGES for each in named_in(page)]
    assert [(page, what) for page, each in named for what in wrong(each)] == []


def test_every_cure_that_we_print_is_a_command_with_its_options() -> None:
    cures = {cure for each in texts() for cure in re.findall(r"`(mlflow-ops [^`]*)`", each.said)}
    assert len(cures) > 30
    assert [cure for cure in cures if wrong(cure)] == []
