"""The EC2 instance that the server runs on."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import HostUnreachable, MlflowOpsError
from mlflow_ops.records import READY, Instance, Readiness, Record, SecurityGroup
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

PURPOSE = "EC2 instance that the server runs on"
PLACE = "aws"
DEADLINE = 600.0
GONE_DEADLINE = 600.0
DISK_GIB = 8
ALIVE = ("pending", "running", "stopping", "stopped")
DYING = "shutting-down"
DOWN = ("stopping", "stopped", DYING, "terminated")
# AWS may not know a new instance's id for a moment, and forgets a terminated one's after an hour.
UNSEEN = "not seen by AWS yet"
GONE = ("terminated", UNSEEN)


def find(stack: Stack) -> Instance | None:
    """Return the stack's instance; a dying one counts only when no new one is wanted."""
    states = {"Name": "instance-state-name", "Values": [*ALIVE, DYING]}
    found = _described(stack, Filters=[*stack.names.filters, states])
    found.sort(key=lambda one: one["State"]["Name"] == DYING)
    if not found or (stack.wanted and found[0]["State"]["Name"] == DYING):
        return None
    record = _record(found[0])
    stopped = record.state in {"stopping", "stopped"}
    return replace(record, missing=("it is stopped",)) if stack.wanted and stopped else record


def plan(stack: Stack) -> str:
    """Say what would be made."""
    wanted = stack.want()
    where = f" in {wanted.subnet_id}" if wanted.subnet_id else ""
    return f"{wanted.instance_type}{where}, {DISK_GIB} GB gp3 disk, image {wanted.ami}"


def create(stack: Stack) -> Instance:
    """Launch the instance, once: its token is on disk before the call. A stopped one is started."""
    if stopped := find(stack):
        return _start(stack, stopped)
    asked = stack.journal.open_question("instance")
    token = asked["token"] if asked else secrets.token_hex(16)
    with stack.journal.asking("instance", token=token) as made:
        try:
            instance = _launch(stack, token)
        except sdk.ClientError as error:
            if code(error) not in {"IdempotentInstanceTerminated", "IdempotentParameterMismatch"}:
                raise
            instance = _again(stack, error)
        made(instance["InstanceId"])
    return _record(instance)


def ready(stack: Stack, record: Record) -> Readiness:
    """Tell whether it runs, has passed AWS's status checks, and answers over SSH."""
    now = _now(stack, record.id)
    if now.state in DOWN:
        return Readiness("broken", f"the instance is {now.state}", now)
    if now.state != "running" or not now.address:
        return Readiness("pending", now.state, now)
    checks = _checks(stack, record.id)
    if checks.state != "ready":
        return replace(checks, record=now)
    try:
        stack.knows(now).host()
    except HostUnreachable as error:
        return Readiness("pending" if stack.wanted else "unknown", str(error), now)
    return Readiness("ready", record=now)


def destroy(stack: Stack, record: Record) -> None:
    """Terminate the instance, its disk with it, and wait until it is gone."""
    if _now(stack, record.id).state in GONE:
        return
    stack.aws.ec2.terminate_instances(InstanceIds=[record.id])
    until(
        f"instance {record.id} to be terminated",
        lambda: _now(stack, record.id).state in GONE,
        deadline=GONE_DEADLINE,
        clock=stack.clock,
    )


def _start(stack: Stack, stopped: Instance) -> Instance:
    until(
        f"instance {stopped.id} to have stopped",
        lambda: _now(stack, stopped.id).state != "stopping",
        deadline=GONE_DEADLINE,
        clock=stack.clock,
    )
    stack.aws.ec2.start_instances(InstanceIds=[stopped.id])
    return stopped


def _again(stack: Stack, error: sdk.ClientError) -> Any:  # noqa: ANN401 - AWS's own description
    """Launch under a new token, unless the old one's instance lives after all."""
    if code(error) == "IdempotentParameterMismatch" and find(stack):
        raise MlflowOpsError(
            "An instance was asked for with other options a moment ago and is there now: "
            "run the same command again."
        ) from error
    return _launch(stack, secrets.token_hex(16))


def _launch(stack: Stack, token: str) -> Any:  # noqa: ANN401 - AWS's own description
    return stack.aws.ec2.run_instances(**request(stack, token))["Instances"][0]


def request(stack: Stack, token: str) -> Any:  # noqa: ANN401 - the parameters of RunInstances
    """Return what RunInstances is asked for."""
    wanted = stack.want()
    kinds = ("instance", "volume", "network-interface")
    disk = {
        "VolumeSize": DISK_GIB,
        "VolumeType": "gp3",
        "DeleteOnTermination": True,
        "Encrypted": True,
    }
    network = {
        "DeviceIndex": 0,
        "SubnetId": wanted.subnet_id,
        "Groups": [stack.need(SecurityGroup).id],
        "AssociatePublicIpAddress": True,
        "DeleteOnTermination": True,
    }
    # t3 and t4g bill for more than their share unless told not to.
    standard = {"CreditSpecification": {"CpuCredits": "standard"}}
    return {
        "ImageId": wanted.ami,
        "InstanceType": wanted.instance_type,
        "MinCount": 1,
        "MaxCount": 1,
        "KeyName": stack.names.base,
        "ClientToken": token,
        "NetworkInterfaces": [network],
        "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": disk}],
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "TagSpecifications": [{"ResourceType": kind, "Tags": stack.names.tags} for kind in kinds],
        **(standard if wanted.instance_type.startswith("t") else {}),
    }


def _checks(stack: Stack, instance_id: str) -> Readiness:
    answer = stack.aws.ec2.describe_instance_status(InstanceIds=[instance_id])
    found = {
        status[kind]["Status"]
        for status in answer["InstanceStatuses"]
        for kind in ("InstanceStatus", "SystemStatus")
    }
    if "impaired" in found:
        return Readiness("broken", "AWS's status checks fail")
    return READY if found == {"ok"} else Readiness("pending", "AWS checks the new machine")


def _now(stack: Stack, instance_id: str) -> Instance:
    found = _described(stack, InstanceIds=[instance_id])
    return _record(found[0]) if found else Instance(instance_id, state=UNSEEN)


def _record(found: Any) -> Instance:  # noqa: ANN401 - AWS's own description
    state, address = found["State"]["Name"], found.get("PublicIpAddress", "")
    words = f"{found['InstanceType']}, {state}, {address}" if address else state
    dns = found.get("PublicDnsName", "")
    return Instance(found["InstanceId"], detail=words, state=state, address=address, dns=dns)


def _described(stack: Stack, **which: Any) -> Any:  # noqa: ANN401 - AWS's own descriptions
    try:
        reservations = stack.aws.ec2.describe_instances(**which)["Reservations"]
    except sdk.ClientError as error:
        if code(error) != "InvalidInstanceID.NotFound":
            raise
        return []
    return [instance for reservation in reservations for instance in reservation["Instances"]]
