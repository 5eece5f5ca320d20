"""Which value of each option is in force for a command with nothing typed, and who says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from mlflow_ops.cli import judging, owned
from mlflow_ops.cli import options as common
from mlflow_ops.config import checking
from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.config.reading import Table

TYPED, VARIABLE, FILE, AWS, DEFAULT = "command line", "environment", "file", "aws", "default"


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
    found = {
        str(option.name): _of_option(leaf, name(leaf), key, option, table)
        for key, option in _own(leaf).items()
    }
    mine = name(leaf)
    for command in {owned.owner(option, mine) for option in leaf.command.params}:
        judging.check(command, found)
    return [*found.values()]


def own_options(root: click.Context) -> Iterator[tuple[str, checking.Known]]:
    """Yield the name of each command, and by their names in a file the options that it owns."""
    group = root.command
    names = group.list_commands(root) if isinstance(group, click.Group) else []
    for leaf in (leaf for each in names for leaf in leaves(root, each)):
        mine, every = name(leaf), _own(leaf)
        yield mine, {k: each for k, each in every.items() if owned.owner(each, mine) == mine}


def _own(leaf: click.Context) -> checking.Known:
    return checking.keys(each for each in leaf.command.params if each.name not in common.SHARED)


def _of_option(
    leaf: click.Context, command: str, key: str, option: click.Option, table: Table | None
) -> InForce:
    if (said := _from_environment(leaf, option)) is not None:
        return InForce(command, key, said, VARIABLE, str(option.envvar))
    if table and option.name in (leaf.default_map or {}):
        return InForce(command, key, leaf.lookup_default(str(option.name)), FILE, str(table.path))
    return InForce(command, key, _usual(leaf, option))


def _usual(leaf: click.Context, option: click.Option) -> object:
    """Return an option's default as the command is given it; click has a mark for none at all."""
    usual = option.get_default(leaf)
    if option.multiple:
        return tuple(usual) if isinstance(usual, (tuple, list)) else ()
    return usual if isinstance(usual, (str, int, float)) else None


def _from_environment(leaf: click.Context, option: click.Option) -> object:
    try:
        said = option.value_from_envvar(leaf)
        return None if said is None else option.type_cast_value(leaf, said)
    except click.BadParameter as error:
        raise BadOption(f"{option.envvar} in the environment: {error.message}") from error
