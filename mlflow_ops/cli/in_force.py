"""Which value of each option is in force for a command with nothing typed, and who says so."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import click

from mlflow_ops.cli import options as common
from mlflow_ops.cli import owned
from mlflow_ops.config import checking
from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.config.reading import Table

TYPED, VARIABLE, FILE, AWS, DEFAULT = "command line", "environment", "file", "aws", "default"
# These lead to our files, or to an interpreter for a sandbox's host: no option of any command.
OTHERS = ("HOME", "CONFIG", "PYTHON")
OF_ALL = {f"{common.PREFIX}_{name.upper()}" for name in (*OTHERS, *common.SHARED)}


@dataclass(frozen=True)
class InForce:
    """An option of a command, of all commands where that is None, and where its value is from.

    `where` is the name of the variable, or the path of the file.
    """

    command: str | None
    option: str
    value: Any
    source: str = DEFAULT
    where: str | None = None


def leaves(above: click.Context, typed: str) -> Iterator[click.Context]:
    """Yield a context for the command of this name, or for each command of the group that it is.

    Raises BadOption where there is none.
    """
    group = above.command
    command = group.get_command(above, typed) if isinstance(group, click.Group) else None
    if command is None:
        raise BadOption(f"There is no command {typed!r}: see mlflow-ops --help.")
    found = command.context_class(command, parent=above, info_name=typed, resilient_parsing=True)
    if isinstance(command, click.Group):
        for each in command.list_commands(found):
            yield from leaves(found, each)
    else:
        yield found


def name(leaf: click.Context) -> str:
    """Return the command of this context as it is typed, such as `user add`."""
    return leaf.command_path.removeprefix(leaf.find_root().command_path).strip()


def of_command(leaf: click.Context, table: Table | None) -> list[InForce]:
    """Return what is in force for each of the command's own options.

    Raises WrongFile for what is wrong in its table, and BadOption for a wrong variable.
    """
    leaf.default_map = common.defaults(leaf, table) if table else {}
    known = checking.keys(each for each in leaf.command.params if each.name not in common.SHARED)
    found = {
        str(option.name): _of_option(leaf, name(leaf), key, option, table)
        for key, option in known.items()
    }
    if any(owned.owner(option, name(leaf)) == owned.UP for option in leaf.command.params):
        _check(found)
    return [*found.values()]


def _check(found: dict[str, InForce]) -> None:
    """Raise BadOption, in the words of `up`, for what it would not take."""
    from mlflow_ops.settings import Options  # noqa: PLC0415 - not needed for --help

    taken = {each.name for each in fields(Options)}
    said = {key: each for key, each in found.items() if key in taken and each.source != DEFAULT}
    values: dict[str, Any] = {key: each.value for key, each in said.items()}
    for key, value in values.items():
        try:
            Options(**{key: value})
        except BadOption as error:
            raise BadOption(f"{found[key].where}: {error}") from error
    Options(**values)  # for what two of them are together


def _of_option(
    leaf: click.Context, command: str, key: str, option: click.Option, table: Table | None
) -> InForce:
    if (said := _from_environment(leaf, option)) is not None:
        return InForce(command, key, said, VARIABLE, str(option.envvar))
    if table and option.name in (leaf.default_map or {}):
        return InForce(command, key, leaf.lookup_default(str(option.name)), FILE, str(table.path))
    usual = option.get_default(leaf)
    return InForce(command, key, usual if isinstance(usual, (str, int, float, tuple)) else None)


def _from_environment(leaf: click.Context, option: click.Option) -> object:
    try:
        said = option.value_from_envvar(leaf)
        return None if said is None else option.type_cast_value(leaf, said)
    except click.BadParameter as error:
        raise BadOption(f"{option.envvar} in the environment: {error.message}") from error


def named_in_environment(commands: tuple[str, ...]) -> tuple[set[str], list[str]]:
    """Return the commands that variables of ours may be for, and those variables."""
    ours = [name for name in sorted(os.environ) if name.startswith(f"{common.PREFIX}_")]
    asked = [name for name in ours if name not in OF_ALL]
    heads = {each: f"{common.PREFIX}_{each.upper()}_" for each in commands}
    return {each for each, head in heads.items() if any(a.startswith(head) for a in asked)}, asked


def strays(root: click.Context, asked: list[str]) -> dict[str, str]:
    """Return those of the variables that no option has, each with the nearest that one has."""
    group = root.command
    if not asked or not isinstance(group, click.Group):
        return {}
    every = [leaf for each in group.list_commands(root) for leaf in leaves(root, each)]
    options = [checking.keys(leaf.command.params).values() for leaf in every]
    real = sorted(OF_ALL | {str(option.envvar) for each in options for option in each})
    near = {each: difflib.get_close_matches(each, real, 1, 0.8) for each in asked}
    return {each: "".join(found) for each, found in near.items() if each not in real}
