"""The commands for a server on this machine, `--local`, where a stack's own would ask a cloud."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from click.core import ParameterSource

from mlflow_ops.cli.options import SHARED
from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

    Command = Callable[..., int | None]

# These ask nobody but `Call.server()`, or nobody at all.
ALIKE = ("train", "run", "check", "runs", "models")
# And these are about no server at all.
SERVERLESS = ("config", "completion")
# Each of these has a module of its own here, with the options of it that have a meaning.
OWN = {
    "up": ("yes", "dry_run"),
    "status": (),
    "env": ("shell", "close"),
    "open": ("no_browser",),
    "logs": ("follow", "lines"),
    "stop": (),
    "start": (),
    "down": ("yes", "dry_run"),
}


def instead(ctx: click.Context, name: str, function: Command) -> Command:
    """Return what is to run in the place of a command's function.

    Raises BadOption for a command, or a typed option, that means nothing without a cloud.
    """
    if name in {*ALIKE, *SERVERLESS}:
        return function
    if name not in OWN:
        raise BadOption(
            f"`{name}` has no meaning with --local: that is a plain server on this "
            f"machine, for which there are {', '.join((*OWN, *ALIKE))}."
        )
    _check_typed(ctx, OWN[name])
    command: Command = importlib.import_module(f"{__name__}.{name}").command
    taken = OWN[name]
    return lambda call, **options: command(call, **{key: options[key] for key in taken})


def _check_typed(ctx: click.Context, taken: tuple[str, ...]) -> None:
    for option in ctx.command.params:
        typed = ctx.get_parameter_source(str(option.name)) is ParameterSource.COMMANDLINE
        if typed and option.name not in {*taken, *SHARED}:
            said = max(option.opts, key=len)
            raise BadOption(f"{said} has no meaning with --local: leave one of them out.")
