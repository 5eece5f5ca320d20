"""The options that all commands have, and where each value comes from that nobody has typed.

The command line wins over the environment, and that over the file of options.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from mlflow_ops.cli import known, owned
from mlflow_ops.config import checking, finding
from mlflow_ops.config.reading import WrongFile
from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_ops.config.reading import Table

PREFIX = "MLFLOW_OPS"
FILE = f"{__name__}.file"
CLOUDS = ("sandbox", "local")


class Misconfigured(click.ClickException):
    """A file of options that cannot be right; a usage error of its own."""

    exit_code = BadOption.exit_code


def _configured(ctx: click.Context, _: click.Parameter, named: str | None) -> None:
    """Make what the file of options says the command's defaults, unless it takes none."""
    if ctx.command.name == "completion":  # with which a shell starts, in whatever folder
        return
    try:
        table = finding.found(named)
        ctx.meta[FILE] = table
        ctx.default_map = defaults(ctx, table) if table else None
    except WrongFile as error:
        if not ctx.resilient_parsing:  # else it is for completion, where nobody would read it
            raise Misconfigured(str(error)) from error


def defaults(ctx: click.Context, table: Table) -> dict[str, Any]:
    """Return what the file says for the command of this context, by its parameters' names.

    Raises WrongFile for what is wrong at its top or in the command's own table.
    """
    root, *line = reversed(list(_lineage(ctx)))
    shared = checking.keys(each for each in ctx.command.params if each.name in SHARED)
    commands = root.command.list_commands(root) if isinstance(root.command, click.Group) else []
    found = checking.common(table, shared, commands, lambda key: _having(ctx, key))
    names: tuple[str, ...] = ()
    for each in line:
        names = (*names, str(each.info_name))
        if isinstance(each.command, click.Group):
            checking.subtables(table, names, each.command.list_commands(each))
        else:
            for place, holder in owned.tables(root, names, each.command):
                command = " ".join(place)
                every = checking.keys(p for p in holder.params if p.name not in SHARED)
                known = {k: o for k, o in every.items() if owned.owner(o, command) == command}
                found |= checking.own(table, place, known, shared, every.keys() - known.keys())
    return found


def _having(ctx: click.Context, key: str) -> list[str]:
    """Return the commands with an option of this name of their own; all of them are loaded."""
    if ctx.resilient_parsing:  # for completion, where nobody would read what is wrong
        return []
    from mlflow_ops.cli import in_force  # noqa: PLC0415 - it needs this module, and few need it

    return [name for name, known in in_force.own_options(ctx.find_root()) if key in known]


def _lineage(ctx: click.Context | None) -> Iterator[click.Context]:
    while ctx:
        yield ctx
        ctx = ctx.parent


def _shared(name: str) -> dict[str, Any]:
    return {"envvar": f"{PREFIX}_{name}"}


COMMON: tuple[Callable[..., Any], ...] = (
    click.option(
        "--name",
        default="mlflow",
        show_default=True,
        help="The stack's name.",
        shell_complete=known.names,
        **_shared("NAME"),
    ),
    click.option(
        "--region",
        help="AWS region  [default: the AWS environment's, else us-east-1].",
        **_shared("REGION"),
    ),
    click.option(
        "--profile",
        help="Named AWS profile to work with.",
        shell_complete=known.profiles,
        **_shared("PROFILE"),
    ),
    click.option(
        "--sandbox/--no-sandbox",
        help="Use a cloud on this machine instead of AWS.",
        **_shared("SANDBOX"),
    ),
    click.option(
        "--local/--no-local",
        help="Use a plain server on this machine, with no cloud at all.",
        **_shared("LOCAL"),
    ),
    click.option(
        "--config",
        metavar="PATH",
        is_eager=True,
        expose_value=False,
        callback=_configured,
        help="File of options  [default: mlflow-ops.toml or pyproject.toml, here or above].",
        shell_complete=known.files,
        **_shared("CONFIG"),
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("--debug", is_flag=True, help="Show the traceback of an error."),
)
# Of these, the second ones are for the command line alone.
NAMED, SAID_ANEW = ("name", "region", "profile", "sandbox", "local", "config"), ("as_json", "debug")
SHARED = (*NAMED, *SAID_ANEW)


def complete(command: click.Command, path: str) -> None:
    """Give a command the options of all, and each of its own a variable of the environment.

    Those that are for the command line alone get none.
    """
    for key, option in checking.keys(command.params).items():
        option.envvar = option.envvar or _variable(f"{owned.owner(option, path)} {key}")
    holder: Any = command
    for common in COMMON:
        holder = common(holder)


def _variable(words: str) -> str:
    return f"{PREFIX}_{re.sub('[ -]', '_', words).upper()}"
