"""`mlflow-ops stop`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from mlflow_ops import lease
from mlflow_ops.backup import keeping, layout
from mlflow_ops.cli import standing
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.ec2 import power
from mlflow_ops.errors import HostUnreachable, MlflowOpsError, PrivateKeyLost
from mlflow_ops.reach import tunnel
from mlflow_ops.steps.instance import AT_REST

if TYPE_CHECKING:
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.records import Instance
    from mlflow_ops.stack import Stack


@stack_command(
    example="$ mlflow-ops stop\n"
    "(the machine is off and costs nothing; its disk and bucket, with all data, still do)"
)
@click.option("--no-backup", is_flag=True, help="Stop without a last backup.")
def command(call: Call, *, no_backup: bool) -> int:
    """Stop the machine, and paying for it; all data stays on its disk and in the bucket.

    Takes a backup first. Nobody reaches the server until `mlflow-ops start`, which gives it
    another address unless the stack has an Elastic IP. Changes nothing on a stopped stack.
    """
    screen, stack = call.screen(), call.stack()
    try:
        found = standing.instance(call, stack, "to stop")
        if found.state != "stopped":
            with lease.held(stack, call.settings.home, "stop") as hold:
                stack = replace(stack.knows(found), check_hold=hold.check)
                _stop(screen, stack, found, backup=not no_backup)
            if hold.farewell:
                screen.say(hold.farewell)
    finally:
        stack.hang_up()
    return _told(screen, found)


def _stop(screen: Screen, stack: Stack, found: Instance, *, backup: bool) -> None:
    if backup and found.state not in AT_REST:
        with screen.step("backup", "take") as voice:
            said = _kept(replace(stack, voice=voice))
        screen.done(said)
    stack.check_hold()
    with screen.step("instance", "stop"):
        power.stop(stack, found)
        tunnel.end(stack.folder)
    screen.done(f"{found.id} stopped")


def _kept(stack: Stack) -> str:
    """Take the last backup, and say what is in it; a host that does not answer keeps its disk."""
    name = f"stop-{layout.stamp(stack.aws.now())}".lower()
    try:
        stack.host()
    except (HostUnreachable, PrivateKeyLost) as error:
        return f"none: {error} Its disk keeps everything until `mlflow-ops start`."
    try:
        return str(keeping.take(stack, name, "stop"))
    except MlflowOpsError as error:
        raise type(error)(
            f"No backup could be taken before stopping: {error} To stop all the same: "
            "`mlflow-ops stop --no-backup`; the data stays on the disk."
        ) from error


def _told(screen: Screen, found: Instance) -> int:
    was = "is stopped already" if found.state == "stopped" else "is stopped"
    screen.say(f"The stack {was}: all its data stays, and nobody reaches its server.")
    screen.say(power.goes_on_costing(elastic=found.shape.elastic))
    screen.say("To go on with it: `mlflow-ops start`")
    screen.result({"instance": found.id, "state": "stopped"})
    return 0
