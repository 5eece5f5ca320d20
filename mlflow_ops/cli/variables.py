"""Variables of the environment with our prefix: whom they may be for, and which nobody reads."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING

from mlflow_ops.cli import in_force
from mlflow_ops.cli.options import NAMED, PREFIX
from mlflow_ops.config import refusing

if TYPE_CHECKING:
    import click

# These lead to our files, or to an interpreter for a sandbox's host: no option of any command.
OTHERS = ("HOME", "PYTHON")
OF_ALL = {f"{PREFIX}_{name.upper()}" for name in (*OTHERS, *NAMED)}
ALIKE = 0.75  # of what follows the prefix
ALONE = refusing.COMMAND_LINE_ALONE.keys() - {"config"}


def present(commands: tuple[str, ...]) -> tuple[set[str], list[str]]:
    """Return the commands that variables of ours may be for, and those variables."""
    ours = [name for name in sorted(os.environ) if name.startswith(f"{PREFIX}_")]
    asked = [name for name in ours if name not in OF_ALL]
    heads = {each: f"{PREFIX}_{each.upper()}_" for each in commands}
    return {each for each, head in heads.items() if any(a.startswith(head) for a in asked)}, asked


def strays(root: click.Context, asked: list[str]) -> dict[str, str]:
    """Return those of the variables that no option has, each with what to say of it."""
    if not asked:
        return {}
    every = [each for _, known in in_force.own_options(root) for each in known.items()]
    real = {str(option.envvar): key for key, option in every}
    return {
        each: f"{each} is set in the environment, but {_instead(each, real)}"
        for each in asked
        if each not in real
    }


def _instead(name: str, real: dict[str, str]) -> str:
    word = name.rsplit("_", 1)[-1].lower()
    if word in ALONE:
        return f"--{word} is for the command line alone: {refusing.COMMAND_LINE_ALONE[word]}."
    known = {each.removeprefix(PREFIX): each for each in (*OF_ALL, *real)}
    near = difflib.get_close_matches(name.removeprefix(PREFIX), known, 1, ALIKE)
    # What nobody should say without a thought is no guess of ours.
    if not near or real.get(known[near[0]]) in refusing.NEVER:
        return "is no option's."
    return f"is no option's: did you mean {known[near[0]]}?"
