"""Making what is missing of a stack, for every command that does: `up` and `start`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlflow_ops import elsewhere, lease, walk, wanted
from mlflow_ops.backup import choosing
from mlflow_ops.cli import report
from mlflow_ops.cli.planned import plan
from mlflow_ops.costs import ran
from mlflow_ops.doctor import preflight
from mlflow_ops.ec2 import instances
from mlflow_ops.reach import shut_out
from mlflow_ops.records import Instance
from mlflow_ops.steps import taken

if TYPE_CHECKING:
    from mlflow_ops.cli.command import Call
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.settings import Options
    from mlflow_ops.stack import Stack

INSTANCE = "instance"


@dataclass(frozen=True)
class Making:
    """A command that makes a stack; `name` is what those are told who find it held."""

    call: Call
    screen: Screen
    name: str = "up"

    def make(self, stack: Stack, wish: Options, *, show: bool) -> tuple[Stack, walk.Found]:
        """Make what is missing while nobody else changes the stack, and return what stands then.

        `show` says what will be made before it is.
        """
        with lease.held(stack, self.call.settings.home, self.name) as hold:
            # Only now does nobody else change it; before, somebody may have.
            stack, found = planned(self.call, replace(stack, check_hold=hold.check), wish)
            if show:
                self.check(stack, found)
            if show and not complete(stack, found):
                plan(self.screen, stack, found)
            standing = self._made(stack, found)
            before = found.get(INSTANCE)
            if isinstance(before, Instance) and before.self_stopped:
                ran.settle(stack.knows(standing[INSTANCE]))
        if hold.farewell:
            self.screen.say(hold.farewell)
        return stack, standing

    def check(self, stack: Stack, found: walk.Found) -> None:
        """Raise MlflowOpsError for what would keep what is missing from being made."""
        preflight.check(stack, found, self.call.settings.home, self.screen.say)

    def _made(self, stack: Stack, found: walk.Found) -> walk.Found:
        """Walk the steps; a failure says what stands before it goes on its way."""
        try:
            with shut_out.explained(stack):
                return walk.up(stack, taken(stack.shape), found, self.screen)
        except BaseException:
            report.what_stands(self.call, self.screen, stack, found)
            raise


def planned(call: Call, stack: Stack, wish: Options) -> tuple[Stack, walk.Found]:
    """Return the stack with every choice settled, and what of it is there; changes nothing."""
    standing = instances.alive(stack)
    shape = standing.shape if standing else choosing.shape_before(stack)
    first = wanted.first_thoughts(wish, stack.target, shape)
    if standing is None:  # and so no server that does without
        first = replace(first, login_stands=True)
    stack, found = walk.look(replace(stack, wanted=first), taken(first.shape))
    if not found:
        elsewhere.check(stack, call.settings)
    settled = wanted.settle(first, wish, stack.target, stack.records)
    return choosing.named(replace(stack, wanted=settled)), found


def complete(stack: Stack, found: walk.Found) -> bool:
    """Whether nothing is missing of the stack, nor of any part of it."""
    return len(found) == len(taken(stack.shape)) and not any(
        each.missing for each in found.values()
    )
