"""Stopping an instance and starting it again, and what a stopped one goes on costing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import botocore.exceptions as sdk

from mlflow_ops import prices
from mlflow_ops.aws import code
from mlflow_ops.ec2 import instances
from mlflow_ops.ec2.launches import DISK_GIB
from mlflow_ops.errors import AwsRefused, MlflowOpsError, TimedOut
from mlflow_ops.iam.scopes import OWN
from mlflow_ops.retry import while_unknown
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.records import Instance
    from mlflow_ops.stack import Stack

# AWS gives the host some minutes to end by itself, and pulls the plug after that.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html
DEADLINE = 600.0
ALLOWS = OWN.allow("ec2", "StopInstances")
# What EC2 says of an instance that has just become what it is described as.
NOT_YET = "IncorrectInstanceState"
FULL = "InsufficientInstanceCapacity"


def stop(stack: Stack, instance: Instance) -> None:
    """Stop the instance and wait until it has stopped; fine if it has already.

    Raises TimedOut with the command that stops it by force, and MlflowOpsError when it has ended.
    """
    now = instances.settled(stack, instance.id)
    if now.state == "running":
        ask = partial(stack.aws.ec2.stop_instances, InstanceIds=[instance.id])
        while_unknown(ask, NOT_YET, clock=stack.clock)
    try:
        end = until(
            f"instance {instance.id} to have stopped",
            lambda: _ended(stack, instance.id),
            deadline=DEADLINE,
            clock=stack.clock,
        )
    except TimedOut as error:
        force = f"aws ec2 stop-instances --force --instance-ids {instance.id}"
        where = f"--region {stack.names.region}"
        raise TimedOut(f"{error} If it never does: `{force} {where}`.") from error
    if end != "stopped":
        raise MlflowOpsError(f"The instance {instance.id} has ended instead of stopping: {end}.")


def start(stack: Stack, stopped: Instance) -> None:
    """Start the instance as soon as it has stopped; does not wait until it runs.

    Raises AwsRefused where its zone has no room for it: it cannot move to another one.
    """
    until(
        f"instance {stopped.id} to have stopped",
        lambda: instances.now(stack, stopped.id).state != "stopping",
        deadline=DEADLINE,
        clock=stack.clock,
    )
    from mlflow_ops.costs import ran  # noqa: PLC0415 - costs are asked of steps, which need this

    ran.keep(stack, stopped.id)
    ask = partial(stack.aws.ec2.start_instances, InstanceIds=[stopped.id])
    try:
        while_unknown(ask, NOT_YET, clock=stack.clock)
    except sdk.ClientError as error:
        if code(error) != FULL:
            raise
        raise AwsRefused(
            f"AWS has no {stopped.type} to give now in the zone of {stopped.id}, and an instance "
            "cannot move to another one: run the same command again later, or `mlflow-ops down "
            "--keep-data` and then `mlflow-ops up`, which tries every zone."
        ) from error


def goes_on_costing(*, elastic: bool) -> str:
    """Say what AWS charges while the instance is stopped."""
    parts = [f"its disk ({DISK_GIB} GB, {prices.disk_per_day(DISK_GIB):.2f} USD a day)"]
    if elastic:
        parts.append(f"its Elastic IP ({prices.ADDRESS_DAY:.2f} USD a day)")
    return (
        f"AWS goes on charging for {', '.join(parts)} and the bucket ({prices.S3_GIB_MONTH} USD a "
        f"month for each GB; {prices.AS_OF}); no longer for the machine."
    )


def _ended(stack: Stack, instance_id: str) -> str:
    state = instances.now(stack, instance_id).state
    return state if state in {"stopped", *instances.GONE} else ""
