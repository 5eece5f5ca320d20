"""The command line; each command loads what it needs only when it runs."""

from __future__ import annotations

import importlib
import keyword
import sys
from typing import TYPE_CHECKING

import click

from mlflow_ops import __version__
from mlflow_ops.cli.fitting import Fitting
from mlflow_ops.cli.stream import INTERRUPTED, failed, misused, stand_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from click.shell_completion import CompletionItem

    from mlflow_ops.world import World

COMMANDS = {
    "doctor": "Tell what would keep `up` from working here, and the cure.",
    "up": "Make the stack, or what is missing of it.",
    "status": "Show how the stack stands.",
    "list": "List all stacks of the account, with state, age and cost.",
    "cost": "Tell what the stack costs now, and what it has cost so far.",
    "extend": "Give a stack with a time limit more time.",
    "train": "Train the wine-quality model and log the run.",
    "run": "Run a command of your own against the server.",
    "check": "Write to the server and read it back.",
    "runs": "Show the runs that the server holds.",
    "models": "Show the registered models that the server holds.",
    "env": "Print the shell commands that make MLflow clients use the server.",
    "open": "Open the MLflow page in the browser.",
    "ssh": "Open a shell on the host.",
    "exec": "Run a command on the host.",
    "logs": "Show what the server has logged.",
    "cp": "Copy files to the host or from it.",
    "user": "List, add or remove who may log in to the server.",
    "allow": "List, add or remove who may reach SSH and the server.",
    "audit": "List all that carries our tag or name, and what nobody owns.",
    "policy": "Print the least IAM policy that the commands need.",
    "backup": "Take a backup now, and prove that it can be read.",
    "backups": "List the backups, and what span of time the continuous one covers.",
    "restore": "Put a backup in the place of what the server holds.",
    "export": "Write everything the stack holds to a folder or a tar file.",
    "import": "Put an export into the stack, in the place of what it holds.",
    "upgrade": "Run the server on another version of MLflow, or as before.",
    "stop": "Stop the machine, and paying for it; all data stays.",
    "start": "Start a stopped stack, with all its data.",
    "down": "Remove the stack and every trace of it.",
    "config": "Show the options in force, and where each comes from.",
    "completion": "Print what makes a shell complete our commands.",
}
EXIT_CODES = "Exit codes: 0 done, 1 failed, 2 usage, 3 not ready or something left."


class LazyGroup(click.Group):
    """A group that knows its commands' names and one-line helps without loading them."""

    context_class = Fitting

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of a stack's life."""
        return [*COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Load one command from the module of its name."""
        if cmd_name not in COMMANDS:
            return None
        own = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        module = importlib.import_module(f"mlflow_ops.cli.{own}")
        command: click.Command = module.command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return what may stand for an incomplete command, from the table, loading none of them."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 - for a Tab alone

        if not incomplete[:1].isalnum() and incomplete:
            return click.Command.shell_complete(self, ctx, incomplete)
        found = ((name, does) for name, does in COMMANDS.items() if name.startswith(incomplete))
        return [CompletionItem(name, help=does) for name, does in found]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """Write the list of commands from the table above, loading none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items()])


@click.group(cls=LazyGroup, epilog=EXIT_CODES)
@click.version_option(__version__, prog_name="mlflow-ops")
def group() -> None:
    """Your own MLflow tracking server on AWS: `up` makes it, `down` takes it away.

    Without an AWS account: `mlflow-ops up --sandbox` tries everything on this machine, and
    `mlflow-ops up --local` is just a server on it.
    """


def main(arguments: Sequence[str] | None = None, world: World | None = None) -> None:
    """Run the command line; with --json, a usage error is a JSON document too.

    Another world than AWS's or the sandbox's can be given, with a clock of its own.
    """
    stand_in()
    # `list` is a command's module here, once that is loaded.
    words = [*(sys.argv[1:] if arguments is None else arguments)]
    try:
        sys.exit(group.main(words, prog_name="mlflow-ops", standalone_mode=False, obj=world))
    except click.ClickException as error:
        sys.exit(misused(error, as_json="--json" in words))
    except (click.Abort, KeyboardInterrupt):  # while a command's own parts were loaded
        sys.exit(failed(INTERRUPTED, 1, as_json="--json" in words))
