"""What all commands have in common: their options, and the way their errors end."""

from __future__ import annotations

import functools
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from mlflow_ops.cli import COMMANDS, blame, chosen, filed, here
from mlflow_ops.cli import options as common
from mlflow_ops.cli.fitting import Fitting
from mlflow_ops.cli.sentences import addressed, ended_with, known
from mlflow_ops.cli.stream import INTERRUPTED, UNHEARD, failed, is_cut_off, let_go, traced
from mlflow_ops.errors import NotReady
from mlflow_ops.wait import CLOCK
from trainer import interrupts

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from mlflow_ops.cli.show import Screen
    from mlflow_ops.reach.client import Client
    from mlflow_ops.settings import Settings
    from mlflow_ops.stack import Stack
    from mlflow_ops.target import Target
    from mlflow_ops.wait import Clock
    from mlflow_ops.world import World

NOT_READY = NotReady.exit_code


@dataclass(frozen=True)
class Call:
    """What a command is given besides its own options."""

    settings: Settings
    json: bool
    world: World | None = None
    # The options that make another command mean the same stack.
    again: str = ""
    # The file of options that the command takes any from, and which.
    from_file: dict[str, Any] | None = None

    def target(self) -> Target:
        """Return the cloud that is meant; raise NotReady for a sandbox that is not up."""
        return self._world().reach(self.settings)

    def stack(self) -> Stack:
        """Return the stack that is meant, with nothing known of it yet.

        Raises NotReady for a sandbox that is not up, and WrongPlace for a name that this machine
        knows from somewhere else.
        """
        from mlflow_ops.stack import Stack  # noqa: PLC0415 - not needed for --help

        return Stack.of(self.settings, self.target(), self.clock)

    def server(self) -> AbstractContextManager[Client]:
        """Give the way to the server that is meant, for as long as the context lasts.

        Raises NotReady when it gives no answer or this machine has no login to it.
        """
        if self.settings.local:
            from mlflow_ops import local  # noqa: PLC0415 - not needed for --help

            return local.held(self.settings)
        from mlflow_ops.reach import connection  # noqa: PLC0415 - not needed for --help

        return connection.held(self.stack(), self.settings)

    @property
    def clock(self) -> Clock:
        """The clock that waits go by."""
        return self.world.clock if self.world else CLOCK

    def _world(self) -> World:
        from mlflow_ops.world import World  # noqa: PLC0415 - loads boto3, which takes 0.3 s

        return self.world or World()

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
        module = function.__module__.rsplit(".", 1)[-1].rstrip("_")  # of `import_`

        @functools.wraps(function)
        def body(**options: Any) -> None:  # noqa: ANN401 - whatever click has parsed
            sys.exit(let_go(_ended(module, function, options)))

        short = None if name else COMMANDS[module]
        make = click.command(name or module, epilog=ended_with(example), short_help=short)
        command = make(body)
        command.context_class = Fitting
        common.complete(command, f"{module} {name}" if name else module)
        return command

    return decorate


def _ended(module: str, function: Callable[..., int | None], options: dict[str, Any]) -> int:
    debug, as_json, same = options.pop("debug"), options.pop("as_json"), ""
    interrupts.leave_by_exception()
    try:
        ctx = click.get_current_context()
        found = chosen.taken(ctx, options)
        same = chosen.again(ctx, found)
        call = Call(_settings(found), as_json, ctx.obj, same)
        if call.settings.local:
            function = here.instead(ctx, module, function)
        call = filed.told(ctx, module, call)
        return function(call, **options) or 0
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
        said = known(error)
        return failed(addressed(blame.led(said), same), said.exit_code, as_json=as_json)


def _settings(found: dict[str, Any]) -> Settings:
    from mlflow_ops.settings import Settings  # noqa: PLC0415 - not needed for --help

    return Settings(**found)
