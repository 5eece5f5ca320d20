"""Who has said what is wrong: a variable, the file, or whoever typed the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from mlflow_ops.cli.options import FILE
from mlflow_ops.config import checking
from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    from mlflow_ops.config.reading import Table
    from mlflow_ops.errors import MlflowOpsError


def where(ctx: click.Context, name: str) -> str:
    """Return the variable or the file that a parameter's value is from; nothing if it was typed."""
    source = ctx.get_parameter_source(name)
    if source is ParameterSource.ENVIRONMENT:
        return str(next(each.envvar for each in ctx.command.params if each.name == name))
    table: Table | None = ctx.meta.get(FILE)
    return str(table.path) if table and source is ParameterSource.DEFAULT_MAP else ""


def two_places(ctx: click.Context, one: str, other: str) -> str:
    """Say that two options exclude each other, each as it was said."""
    first, second = where(ctx, one), where(ctx, other)
    if first and first == second:  # by the file
        first, second = f"{first}: {one}", other
    first, second = first or f"--{one}", second or f"--{other}"
    return f"{first} and {second} are two places: leave one of them out."


def hinted(error: click.ClickException) -> None:
    """Have click's error about a value name the variable or the file instead of its option."""
    if not isinstance(error, click.BadParameter) or not error.ctx or not error.param:
        return
    if said := where(error.ctx, str(error.param.name)):
        error.param_hint = said


def led(error: MlflowOpsError) -> str:
    """Return the error's sentence, led by who has said the option that it begins with."""
    ctx, sentence = click.get_current_context(), str(error)
    if not isinstance(error, BadOption):
        return sentence
    for word, option in checking.keys(ctx.command.params).items():
        begun = (f"--{word} ", f"{option.name} ", f"The stack {word} ")
        if sentence.startswith(begun) and (said := where(ctx, str(option.name))):
            return f"{said}: {sentence}"
    return sentence
