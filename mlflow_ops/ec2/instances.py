"""What EC2 instances need beyond a call: what to ask for, and what AWS's descriptions mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.ec2 import networks
from mlflow_ops.names import HOST_KEY_TAG, SHAPE_TAG, STOPS_TAG
from mlflow_ops.records import READY, Instance, Readiness
from mlflow_ops.shape import Shape
from mlflow_ops.ssh import host_keys
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

RUNS = ("pending", "running")
ALIVE = (*RUNS, "stopping", "stopped")
DYING = "shutting-down"
DOWN = ("stopping", "stopped", DYING, "terminated")
# AWS may not know a new instance's id for a moment, and forgets a terminated one's after an hour.
UNSEEN = "not seen by AWS yet"
GONE = ("terminated", UNSEEN)
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
BY_ITSELF = "Client.InstanceInitiatedShutdown"
SETTLED_DEADLINE = 300.0


def checks(stack: Stack, instance_id: str) -> Readiness:
    """Tell what AWS's own checks say of the instance."""
    try:
        answer = stack.aws.ec2.describe_instance_status(InstanceIds=[instance_id])
    except sdk.ClientError as error:
        if code(error) != "InvalidInstanceID.NotFound":
            raise
        return Readiness("pending", UNSEEN)
    found = {
        status[kind]["Status"]
        for status in answer["InstanceStatuses"]
        for kind in ("InstanceStatus", "SystemStatus")
    }
    if "impaired" in found:
        return Readiness("broken", "AWS's status checks fail")
    return READY if found == {"ok"} else Readiness("pending", "AWS checks the new machine")


def now(stack: Stack, instance_id: str) -> Instance:
    """Return the instance as it is now; one that AWS does not know is UNSEEN."""
    found = _described(stack, InstanceIds=[instance_id])
    return record(found[0]) if found else Instance(instance_id, state=UNSEEN)


def settled(stack: Stack, instance_id: str) -> Instance:
    """Return the instance as it is once it is no longer on its way to running."""

    def check() -> Instance | None:
        found = now(stack, instance_id)
        return None if found.state in {"pending", UNSEEN} else found

    what = f"instance {instance_id} to be launched"
    return until(what, check, deadline=SETTLED_DEADLINE, clock=stack.clock)


def record(found: Any) -> Instance:  # noqa: ANN401 - AWS's own description
    """Return our record of an instance that AWS describes."""
    state, kind = found["State"]["Name"], found["InstanceType"]
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
    shape = Shape.of(tags.get(SHAPE_TAG, ""))
    address, dns, ipv6 = networks.addresses(found, shape)
    why = found.get("StateReason", {}).get("Message", "") if state in DOWN else ""
    words = ", ".join(filter(None, (kind, state, address, why)))
    known, born = host_keys.told(tags.get(HOST_KEY_TAG, ""))
    return Instance(
        found["InstanceId"],
        detail=words,
        type=kind,
        state=state,
        shape=shape,
        profile=found.get("IamInstanceProfile", {}).get("Id", ""),
        host_keys=known,
        born_key=born,
        address=address,
        dns=dns,
        ipv6=ipv6,
        until=tags.get(STOPS_TAG, ""),
        self_stopped=found.get("StateReason", {}).get("Code", "") == BY_ITSELF,
    )


def alive(stack: Stack) -> Instance | None:
    """Return the stack's instance if one is neither gone nor going."""
    found = [one for one in own(stack) if one["State"]["Name"] in ALIVE]
    return record(found[0]) if found else None


def own(stack: Stack) -> Any:  # noqa: ANN401 - AWS's own descriptions
    """Return the stack's instances that are not terminated, by tag, or by the id we were told."""
    alive = {"Name": "instance-state-name", "Values": [*ALIVE, DYING]}
    if found := _described(stack, Filters=[*stack.names.filters, alive]):
        return found
    # The tags of a new instance may show later than its id.
    told = stack.journal.last("instance", "made")
    described = _described(stack, InstanceIds=[told["id"]]) if told else []
    return [one for one in described if one["State"]["Name"] != "terminated"]


def _described(stack: Stack, **which: Any) -> Any:  # noqa: ANN401 - AWS's own descriptions
    try:
        reservations = stack.aws.ec2.describe_instances(**which)["Reservations"]
    except sdk.ClientError as error:
        if code(error) != "InvalidInstanceID.NotFound":
            raise
        return []
    return [instance for reservation in reservations for instance in reservation["Instances"]]
