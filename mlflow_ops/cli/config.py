"""`mlflow-ops config`."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from mlflow_ops.cli import COMMANDS, in_force, known, variables
from mlflow_ops.cli import options as common
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.in_force import AWS, DEFAULT, FILE, TYPED, VARIABLE, InForce
from mlflow_ops.config import region
from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    from mlflow_ops.config.reading import Table

EXAMPLE = """\
$ cat mlflow-ops.toml
name = "team"
region = "eu-central-1"
[up]
allow = ["203.0.113.0/24"]

$ mlflow-ops config up
(each option of `up` with its value, and whether that is from here, the file, ...)
"""
SOURCES = {
    ParameterSource.COMMANDLINE: TYPED,
    ParameterSource.ENVIRONMENT: VARIABLE,
    ParameterSource.DEFAULT_MAP: FILE,
}


@stack_command(example=EXAMPLE)
@click.argument("words", metavar="[COMMAND]", nargs=-1, shell_complete=known.commands)
def command(call: Call, *, words: tuple[str, ...]) -> None:
    """Show the options in force, and where each comes from; asks nobody, and changes nothing.

    The command line wins over the environment (MLFLOW_OPS_NAME for all commands, MLFLOW_OPS_UP_TTL
    for one), and that over a file: mlflow-ops.toml, or [tool.mlflow-ops] of a pyproject.toml, in
    this folder or the nearest one above, up to the repository's root. What is for all commands
    stands at the file's top, what is for one in a table of its name, each by its name on the
    command line. Without COMMAND, only what somebody has set of each command's own is shown.
    """
    ctx, screen = click.get_current_context(), call.screen()
    table: Table | None = ctx.meta[common.FILE]
    rows = [_home(call), *(_shared(call, ctx, each) for each in ctx.command.params)]
    found = [each for each in rows if each]
    named, ours = variables.present(tuple(COMMANDS))
    if words:
        found += _of_command(ctx.find_root(), words, table)
    else:
        found += _set_anywhere(ctx.find_root(), table, named)
    _told(call, found, table)
    unread = variables.strays(ctx.find_root(), ours)
    for said in unread.values():
        screen.row(said)
    options = [{**asdict(each), "value": _plain(each.value)} for each in found]
    file = str(table.path) if table else None
    screen.result({"file": file, "options": options, "unread": [*unread]})


def _of_command(root: click.Context, words: tuple[str, ...], table: Table | None) -> list[InForce]:
    asked = " ".join(words)
    leaves = [
        leaf
        for leaf in in_force.leaves(root, words[0])
        if f"{in_force.name(leaf)} ".startswith(f"{asked} ")
    ]
    if not leaves:
        raise BadOption(f"There is no command {asked!r}: see mlflow-ops {words[0]} --help.")
    return [each for leaf in leaves for each in in_force.of_command(leaf, table)]


def _set_anywhere(root: click.Context, table: Table | None, named: set[str]) -> list[InForce]:
    """Return what the file says for single commands, and the environment for these."""
    named = named | ({*(table.content if table else ())} & COMMANDS.keys())
    leaves = [leaf for name in COMMANDS if name in named for leaf in in_force.leaves(root, name)]
    found = [each for leaf in leaves for each in in_force.of_command(leaf, table)]
    return [each for each in found if each.source != DEFAULT]


def _home(call: Call) -> InForce:
    variable = "MLFLOW_OPS_HOME"
    source = (VARIABLE, variable) if os.environ.get(variable) else ()
    return InForce(None, "home", str(call.settings.home), *source)


def _shared(call: Call, ctx: click.Context, option: click.Parameter) -> InForce | None:
    """Return where an option of all commands is from, if it is one of those that say where."""
    name = str(option.name)
    if name not in vars(call.settings):
        return None
    value = getattr(call.settings, name)
    source = SOURCES.get(ctx.get_parameter_source(name) or ParameterSource.DEFAULT, DEFAULT)
    table: Table | None = ctx.meta[common.FILE]
    where = {VARIABLE: str(option.envvar), FILE: str(table.path) if table else None}.get(source)
    if name == "region" and value is None and not call.settings.local:
        # A sandbox sees nothing of the user's own AWS settings.
        own = not call.settings.sandbox
        value, where = region.usual(call.settings.profile) if own else (None, None)
        return InForce(None, name, value or region.FALLBACK, AWS if where else DEFAULT, where)
    return InForce(None, name, value, source, where)


def _told(call: Call, found: list[InForce], table: Table | None) -> None:
    screen = call.screen()
    screen.row(f"File: {table.path if table else 'none'}")
    rows = [(each.command or "all", each.option, _shown(each.value), _from(each)) for each in found]
    screen.table(("command", "option", "value", "from"), rows)


def _from(each: InForce) -> str:
    said = {VARIABLE: "environment: ", AWS: "AWS's own: ", FILE: "file: "}.get(each.source)
    return f"{said}{each.where}" if said else each.source


def _shown(value: object) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    plain = _plain(value)
    return " ".join(map(str, plain)) or None if isinstance(plain, list) else plain and str(plain)


def _plain(value: object) -> Any:  # noqa: ANN401 - what JSON has
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value if isinstance(value, (str, int, float)) or value is None else str(value)
