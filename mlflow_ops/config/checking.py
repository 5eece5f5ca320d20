"""What a file of options says for one command, held against the options that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mlflow_ops.config import refusing, unknown
from mlflow_ops.config.reading import Table, WrongFile
from trainer import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    Known = dict[str, click.Option]
    # Tells which commands have an option of this name.
    Having = Callable[[str], list[str]]

KINDS = {str: "a text in quotes", int: "a whole number", float: "a number", bool: "true or false"}


def keys(options: Iterable[click.Parameter]) -> Known:
    """Return the options that a file may have, by the word that the command line has for them."""
    every = [each for each in options if isinstance(each, click.Option)]
    named = {_word(option): option for option in every}
    return {word: each for word, each in named.items() if word not in refusing.COMMAND_LINE_ALONE}


def _word(option: click.Option) -> str:
    return max(option.opts, key=len).lstrip("-")


def common(table: Table, known: Known, commands: Collection[str], having: Having) -> dict[str, Any]:
    """Return what the top of the file says for all commands, by the names of the parameters.

    Raises WrongFile for a key that is neither an option of all commands nor a command's table.
    """
    for key, value in table.content.items():
        if key in known or (key in commands and isinstance(value, dict)):
            continue
        if owners := having(key):
            raise WrongFile(f"{table.place()}{unknown.elsewhere(table, key, owners)}")
        if key in commands:
            _check_table(table, key, value)
        raise WrongFile(f"{table.place()}{unknown.option(key, value, known, *commands)}")
    return _values(table, (), known)


def own(
    table: Table, names: tuple[str, ...], known: Known, shared: Known, lent: Collection[str] = ()
) -> dict[str, Any]:
    """Return what the command's table says, by the names of the parameters.

    Raises WrongFile for a key that is no option of the command's own, or that no file may have;
    those that are `lent` to it are `up`'s.
    """
    for key, said in _inner(table, names).items():
        if key in shared:
            raise WrongFile(
                f"{table.place(*names)}{key} is for all commands: put it at the top of the file, "
                "above all tables."
            )
        if key in lent:
            raise WrongFile(f"{table.place(*names)}{unknown.elsewhere(table, key, ('up',))}")
        option = known.get(key) or known.get(key.removeprefix("no-"))
        if option and (reason := refusing.why(key, option, said)):
            raise WrongFile(f"{table.place(*names)}{reason}")
        if key not in known:
            raise WrongFile(f"{table.place(*names)}{unknown.option(key, said, known)}")
    return _values(table, names, known)


def subtables(table: Table, names: tuple[str, ...], known: Collection[str]) -> None:
    """Raise WrongFile unless the table of a group of commands has tables of theirs alone."""
    for key, value in _inner(table, names).items():
        if key not in known:
            raise WrongFile(f"{table.place(*names)}{unknown.word(key, known)}")
        _check_table(table, ".".join((*names, key)), value)


def _check_table(table: Table, name: str, value: object) -> None:
    if not isinstance(value, dict):
        dotted = ".".join((*table.prefix, name))
        raise WrongFile(f"{table.place()}{name} is a command's table: write [{dotted}].")


def _inner(table: Table, names: tuple[str, ...]) -> dict[str, Any]:
    found = table.content
    for name in names:
        found = found.get(name, {})
    return found


def _values(table: Table, names: tuple[str, ...], known: Known) -> dict[str, Any]:
    found = _inner(table, names)
    return {
        str(option.name): _value(f"{table.place(*names)}{key}", option, found[key])
        for key, option in known.items()
        if key in found
    }


def _value(where: str, option: click.Option, said: object) -> object:
    """Return the value as click takes it for a default; raise WrongFile when it is none."""
    each = said if option.multiple and isinstance(said, list) else [said]
    if not each:
        raise WrongFile(f"{where} is an empty list: name a value, or leave it out.")
    kind = _kind(option)
    for one in each:
        fits = isinstance(one, (int, float) if kind is float else kind)
        if not fits or (isinstance(one, bool) and kind is not bool):
            many = ", or a list of them" if option.multiple else ""
            raise WrongFile(f"{where} must be {KINDS[kind]}{many}.")
        try:
            option.type.convert(one, option, None)
        except click.BadParameter as error:
            raise WrongFile(f"{where}: {visible.line(error.message)}") from error
    return each if option.multiple else said


def _kind(option: click.Option) -> type:
    if option.is_flag:
        return bool
    if isinstance(option.type, click.types.IntParamType):
        return int
    return float if isinstance(option.type, click.types.FloatParamType) else str
