"""`mlflow-ops completion`."""

from __future__ import annotations

import os

import click
from click.shell_completion import get_completion_class

from mlflow_ops.cli import group
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.errors import BadOption

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_MLFLOW_OPS_COMPLETE"  # which click asks for by the program's name
EXAMPLE = """\
$ echo 'eval "$(mlflow-ops completion bash)"' >> ~/.bashrc
$ echo 'eval "$(mlflow-ops completion zsh)"' >> ~/.zshrc
$ mlflow-ops completion fish > ~/.config/fish/completions/mlflow-ops.fish
(from the next shell on, Tab completes commands, options, their choices and stacks' names)
"""


@stack_command(example=EXAMPLE)
@click.argument("shell", type=click.Choice(SHELLS), required=False)
def command(call: Call, *, shell: str | None) -> None:
    """Print what makes a shell complete our commands; by default for the shell that you use.

    zsh wants its own completion switched on before it (autoload -U compinit; compinit). What Tab
    offers is known without a question to AWS.
    """
    kind = shell or os.path.basename(os.environ.get("SHELL", ""))  # noqa: PTH119 - of a name alone
    found = get_completion_class(kind) if kind in SHELLS else None
    if found is None:
        raise BadOption("Say for which shell: bash, zsh or fish.")
    script = found(group, {}, "mlflow-ops", VARIABLE).source()
    if call.json:
        call.screen().result({"shell": kind, "script": script})
    else:
        click.echo(script)
