"""The table of a command's options: default, environment variable, and key of the user's file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlflow_ops.cli.options import SHARED
from mlflow_ops.cli.owned import owner
from mlflow_ops.config.refusing import COMMAND_LINE_ALONE, NEVER

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

DEFAULT = re.compile(r"\s*\[default: (.+?)\]\.?", re.DOTALL)
HEAD = "| option | default | environment | in the file | what |\n|---|---|---|---|---|"


def table(options: Iterable[click.Option], context: click.Context) -> str:
    """Return the table of some options of this context's command."""
    return "\n".join([HEAD, *(_row(each, context) for each in options)])


def _row(option: click.Option, context: click.Context) -> str:
    what, default = _described(option)
    cells = (
        _spelled(option, context),
        default,
        _code(_variable(option)),
        _code(_key(option, context)),
        what,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _spelled(option: click.Option, context: click.Context) -> str:
    named = ", ".join(option.opts)
    if option.secondary_opts:
        named += f" / {', '.join(option.secondary_opts)}"
    value = "" if option.is_flag or option.count else f" {option.make_metavar(context)}"
    return f"`{named}{value}`" + (", repeatable" if option.multiple else "")


def _described(option: click.Option) -> tuple[str, str]:
    """Return what an option does, and its default, which its help tells or click knows."""
    told = " ".join((option.help or "").split())
    found = DEFAULT.search(told)
    what = DEFAULT.sub("", told).strip()
    if found:
        return f"{what}." if what and what[-1] not in ".)`" else what, found[1]
    if option.is_flag:
        return what, "off"
    return what, str(option.default) if isinstance(option.default, (str, int, float)) else ""


def _variable(option: click.Option) -> str:
    """Return the environment variable that click reads the option from."""
    return option.envvar if isinstance(option.envvar, str) else " ".join(option.envvar or ())


def _key(option: click.Option, context: click.Context) -> str:
    """Return the key of the user's file, with its command's table unless it is for all."""
    word = max(option.opts, key=len).lstrip("-")
    if word in {*COMMAND_LINE_ALONE, *NEVER}:
        return ""
    table = owner(option, ".".join(_names(context)))
    return word if option.name in SHARED else f"[{table}] {word}"


def _names(context: click.Context) -> list[str]:
    """Return the names of the command and of the group that it is in."""
    parent = context.parent
    return [*(_names(parent) if parent and parent.parent else ()), str(context.info_name)]


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
