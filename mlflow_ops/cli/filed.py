"""What a command takes from a file of options, said before it does anything.

The file may have come with a cloned repository, and its reader not have seen it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from click.core import ParameterSource

from mlflow_ops.cli import here
from mlflow_ops.cli.options import FILE, SHARED
from mlflow_ops.config import checking

if TYPE_CHECKING:
    import click

    from mlflow_ops.cli.command import Call
    from mlflow_ops.config.reading import Table

# These change the stack, so which one it is matters too; --sandbox and --local can harm nothing.
CHANGING = frozenset(
    "up extend allow backup restore import upgrade stop start down".split()  # noqa: SIM905 - read as typed
)
WHICH = ("name", "region", "profile")


def told(ctx: click.Context, module: str, call: Call) -> Call:
    """Say in one line which options of the command are a file's, and return the call with them.

    Where stdout is for something else than words, such as a shell's commands, it is on stderr.
    """
    table: Table | None = ctx.meta.get(FILE)
    options = _from_file(ctx, module, call) if table else []
    if not table or not options:
        return call
    from mlflow_ops.cli.show import Screen  # noqa: PLC0415 - loads rich, which --help needs not

    screen = Screen(as_json=call.json or module not in CHANGING)
    screen.row(f"From {table.path}: {', '.join(options)}.")
    return replace(call, from_file={"file": str(table.path), "options": options})


def _from_file(ctx: click.Context, module: str, call: Call) -> list[str]:
    return [
        word
        for word, option in checking.keys(ctx.command.params).items()
        if ctx.get_parameter_source(str(option.name)) is ParameterSource.DEFAULT_MAP
        and _matters(str(option.name), module, call)
    ]


def _matters(name: str, module: str, call: Call) -> bool:
    if name in SHARED:
        return module in CHANGING and name in WHICH
    return not call.settings.local or name in here.OWN.get(module, (name,))
