"""What to write in the place of a word that a file of options does not have there."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from mlflow_ops.config.refusing import COMMAND_LINE_ALONE
from trainer import visible

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    import click

    from mlflow_ops.config.reading import Table


def option(key: str, value: object, known: Mapping[str, click.Option], *more: str) -> str:
    """Say what there is instead of an option that a table has not, such as its opposite."""
    opposite = next((word for word, each in known.items() if f"--{key}" in each.secondary_opts), "")
    if not opposite:
        return word(key, (*known, *more))
    cure = f"{opposite} = {'true' if value is False else 'false'}"
    return f"{visible.line(key)} is no option here: write {cure}."


def word(key: str, known: Collection[str]) -> str:
    """Say why a word is no option or command here, and which it may be meant for."""
    shown = visible.line(key)
    if key in COMMAND_LINE_ALONE:
        return f"{shown} is for the command line alone, as --{key}: {COMMAND_LINE_ALONE[key]}."
    near = difflib.get_close_matches(key, known, 1, 0.5)
    cure = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}."
    return f"{shown} is no option here: {cure if known else 'there are none.'}"


def elsewhere(table: Table, key: str, commands: Sequence[str]) -> str:
    """Say that an option of a file belongs to the tables of these commands."""
    owners = ", ".join(f"`{each}`" for each in commands)
    headings = (".".join((*table.prefix, *each.split())) for each in commands)
    places = " or ".join(f"[{each}]" for each in headings)
    return f"{key} is an option of {owners}: put it under {places}."
