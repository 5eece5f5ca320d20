"""The EC2 instance that the server runs on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops.ec2 import attaching, instances, launches, launching, power, tying
from mlflow_ops.errors import HostFailed, HostUnreachable
from mlflow_ops.iam.scopes import AROUND, HERE, NEW, OWN, TAGS
from mlflow_ops.records import Instance, Readiness, Record
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.shape import Shape
    from mlflow_ops.stack import Stack

PURPOSE = "EC2 instance that the server runs on"
PLACE = "aws"
DEADLINE = 600.0
GONE_DEADLINE = 600.0
STOPPED = "it is stopped"
AT_REST = {"stopping", "stopped"}
ADDRESS = {True: "its Elastic IP", False: "an address of AWS's own"}
ALLOWS: Allows = {
    "find": HERE.allow("ec2", "DescribeInstances"),
    "create": (
        *NEW.allow("ec2", "RunInstances"),
        *AROUND.allow("ec2", "RunInstances"),
        *OWN.allow("ec2", "RunInstances StartInstances CreateTags"),
        *OWN.allow("ec2", "AssociateAddress DisassociateAddress ReleaseAddress"),
        *TAGS.allow("ec2", "CreateTags"),
    ),
    "role": (
        *HERE.allow("ec2", "DescribeIamInstanceProfileAssociations"),
        *OWN.allow("ec2", "AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation"),
    ),
    "ready": HERE.allow("ec2", "DescribeInstanceStatus"),
    "destroy": OWN.allow("ec2", "TerminateInstances"),
}


def find(stack: Stack) -> Instance | None:
    """Return the stack's instance; a dying one counts only when no new one is wanted."""
    found = instances.own(stack)
    found.sort(key=lambda one: one["State"]["Name"] == instances.DYING)
    if not found or (stack.wanted and found[0]["State"]["Name"] == instances.DYING):
        return None
    record = instances.record(found[0])
    if stack.wanted is None:
        return record
    lacking = {
        STOPPED: record.state in AT_REST,
        ADDRESS[stack.want().shape.elastic]: not tying.is_right(stack, record),
        "its role": not attaching.is_right(stack, record),
        "its shape in a tag": record.shape != true_shape(stack, record),
    }
    return replace(record, missing=tuple(what for what, holds in lacking.items() if holds))


def plan(stack: Stack) -> str:
    """Say what would be made."""
    wanted = stack.want()
    where = f" in {wanted.subnet_id}" if wanted.subnet_id else ""
    why = f" ({wanted.remark})" if wanted.remark else ""
    return (
        f"{wanted.instance_type}{why}{where}, {launches.DISK_GIB} GB gp3 disk, image {wanted.ami}"
    )


def create(stack: Stack) -> Instance:
    """Launch the instance, once: its token is on disk before the call. A stopped one is started."""
    there = find(stack)
    if there is None:
        there = launching.launch(stack)
    elif not attaching.is_right(stack, there):
        attaching.attach(stack, there)
    if STOPPED in there.missing:
        power.start(stack, there)
    if not tying.is_right(stack, there):
        tying.correct(stack, there)
    # Last of all: what an Elastic IP is to be given back for.
    if there.shape != (shape := true_shape(stack, there)):
        launches.tell_shape(stack, there.id, shape)
    return there


def ready(stack: Stack, record: Record) -> Readiness:
    """Tell whether it runs, has passed AWS's status checks, and answers over SSH."""
    now = instances.now(stack, record.id)
    if now.state in AT_REST and stack.wanted is None:
        whose = " by its own host, at a limit" if now.self_stopped else ""
        why = f"{now.type}, {now.state}{whose}: `mlflow-ops start` starts it"
        return Readiness("stopped", why, now)
    if now.state in instances.DOWN and now.state not in AT_REST:
        return Readiness("broken", f"the instance is {now.detail}", now)
    if now.state != "running" or not now.address:
        why = "AWS gives it an address" if now.state == "running" else now.state
        return Readiness("pending", why, now)
    if lacks := tying.lacking(stack, now):
        return Readiness("pending" if stack.wanted else "broken", lacks, now)
    checks = instances.checks(stack, record.id)
    return _answering(stack, now) if checks.state == "ready" else replace(checks, record=now)


def destroy(stack: Stack, record: Record) -> None:
    """Terminate the instance, its disk with it, and wait until it is gone."""
    if instances.now(stack, record.id).state in instances.GONE:
        return
    stack.aws.ec2.terminate_instances(InstanceIds=[record.id])
    until(
        f"instance {record.id} to be terminated",
        lambda: instances.now(stack, record.id).state in instances.GONE,
        deadline=GONE_DEADLINE,
        clock=stack.clock,
    )


def true_shape(stack: Stack, there: Instance) -> Shape:
    """Return what is to be told of the instance now: a login is one when the server asks for it."""
    shape = stack.want().shape
    return replace(shape, login=shape.login and there.shape.login)


def _answering(stack: Stack, now: Instance) -> Readiness:
    try:
        stack.knows(now).host()
    except HostUnreachable as error:
        return Readiness("pending", str(error), now)
    except HostFailed as error:
        if stack.wanted:
            raise
        return Readiness("unknown", str(error), now)
    return Readiness("ready", record=now)
