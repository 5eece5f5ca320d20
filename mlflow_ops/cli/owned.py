"""Options that a command has of another one: given in the other's table and by its variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

UP = "up"


class OfUp(click.Option):
    """An option of `up` wherever it stands: a file and the environment have it for `up` alone."""


def owner(option: click.Parameter, command: str) -> str:
    """Return the command in whose table and by whose variable an option of a command is given."""
    return UP if isinstance(option, OfUp) else command


def tables(
    root: click.Context, names: tuple[str, ...], command: click.Command
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Yield each table that has options of the command, with the command that it is for."""
    yield names, command
    mine, group = " ".join(names), root.command
    lenders = {owner(option, mine) for option in command.params} - {mine}
    for name in lenders:
        lender = group.get_command(root, name) if isinstance(group, click.Group) else None
        if lender:
            yield (name,), lender
