"""What all commands have in common: their options, and the way their errors end."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from mlflow_ops.cli import COMMANDS, EXIT_CODES
from mlflow_ops.cli.sentences import addressed, again, known
from mlflow_ops.cli.stream import INTERRUPTED, UNHEARD, failed, is_cut_off, let_go, traced
from mlflow_ops.errors import NotReady
from trainer import interrupts

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.cli.show import Screen
    from mlflow_ops.settings import Settings
    from mlflow_ops.stack import Stack
    from mlflow_ops.target import Target
    from mlflow_ops.world import World

NOT_READY = NotReady.exit_code


@dataclass(frozen=True)
class Call:
    """What a command is given besides its own options."""

    settings: Settings
    json: bool
    world: World | None = None

    def target(self) -> Target:
        """Return the cloud that is meant; raise NotReady for a sandbox that is not up."""
        return self._world().reach(self.settings)

    def stack(self) -> Stack:
        """Return the stack that is meant, with nothing known of it yet.

        Raises NotReady for a sandbox that is not up, and WrongPlace for a name that this machine
        knows from somewhere else.
        """
        from mlflow_ops.stack import Stack  # noqa: PLC0415 - not needed for --help

        return Stack.of(self.settings, self.target(), self._world().clock)

    def _world(self) -> World:
        from mlflow_ops.world import World  # noqa: PLC0415 - loads boto3, which takes 0.3 s

        return self.world or World()

    @property
    def again(self) -> str:
        """The options that make another command mean the same stack."""
        return again(vars(self.settings))

    def screen(self) -> Screen:
        """Return where this command's words go."""
        from mlflow_ops.cli.show import Screen  # noqa: PLC0415 - loads rich, which --help needs not

        return Screen(self.json, self.again)


def stack_command(
    *, example: str, name: str = ""
) -> Callable[[Callable[..., int | None]], click.Command]:
    """Make a click command of a function `(call, **options) -> exit code`.

    It is the command of its module's name, or the one named here, of a group of commands. Every
    error ends here: with one sentence, its exit code, and a traceback only with --debug.
    """

    def decorate(function: Callable[..., int | None]) -> click.Command:
        @functools.wraps(function)
        def body(**options: Any) -> None:  # noqa: ANN401 - whatever click has parsed
            sys.exit(let_go(_ended(function, options)))

        module = function.__module__.rsplit(".", 1)[-1].rstrip("_")  # of `import_`
        short = None if name else COMMANDS[module]
        make = click.command(name or module, epilog=ended_with(example), short_help=short)
        command: Any = make(body)
        for option in reversed(COMMON):
            command = option(command)
        made: click.Command = command
        return made

    return decorate


def ended_with(example: str) -> str:
    """Return what every command's help ends with."""
    return f"\b\nExample:\n  {example}\n\n{EXIT_CODES}"


COMMON = (
    click.option("--name", default="mlflow", show_default=True, help="The stack's name."),
    click.option("--region", help="AWS region  [default: the AWS environment's, else us-east-1]."),
    click.option("--profile", help="Named AWS profile to work with."),
    click.option(
        "--sandbox",
        is_flag=True,
        envvar="MLFLOW_OPS_SANDBOX",
        help="Use a cloud on this machine instead of AWS.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    click.option("--debug", is_flag=True, help="Show the traceback of an error."),
)


def _ended(function: Callable[..., int | None], options: dict[str, Any]) -> int:
    debug, as_json, same = options.pop("debug"), options.pop("as_json"), again(options)
    interrupts.leave_by_exception()
    try:
        world = click.get_current_context().obj
        return function(Call(_settings(options), as_json, world), **options) or 0
    except (KeyboardInterrupt, click.Abort):
        return failed(INTERRUPTED, 1, as_json=as_json)
    except SystemExit as ended:
        if ended.code == UNHEARD:
            return UNHEARD
        return failed("Ended by a signal.", int(ended.code or 1), as_json=as_json)
    except Exception as error:  # noqa: BLE001 - the one place where every error becomes a sentence
        if isinstance(error, BrokenPipeError) and is_cut_off():
            return UNHEARD
        if debug:
            traced()
        found = known(error)
        return failed(addressed(str(found), same), found.exit_code, as_json=as_json)


def _settings(options: dict[str, Any]) -> Settings:
    from mlflow_ops.settings import Settings  # noqa: PLC0415 - not needed for --help

    chosen = {key: options.pop(key) for key in ("name", "region", "profile", "sandbox")}
    return Settings(**chosen)
