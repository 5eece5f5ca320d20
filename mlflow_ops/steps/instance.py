"""The EC2 instance that the server runs on."""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import HostFailed, HostUnreachable
from mlflow_ops.records import READY, Instance, Readiness, Record, SecurityGroup
from mlflow_ops.retry import while_unknown
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

PURPOSE = "EC2 instance that the server runs on"
PLACE = "aws"
DEADLINE = 600.0
GONE_DEADLINE = 600.0
DISK_GIB = 8
BURSTABLE = re.compile(r"t(2|3|3a|4g)\.")
ALIVE = ("pending", "running", "stopping", "stopped")
DYING = "shutting-down"
DOWN = ("stopping", "stopped", DYING, "terminated")
# AWS may not know a new instance's id for a moment, and forgets a terminated one's after an hour.
UNSEEN = "not seen by AWS yet"
GONE = ("terminated", UNSEEN)


def find(stack: Stack) -> Instance | None:
    """Return the stack's instance; a dying one counts only when no new one is wanted."""
    found = _own(stack)
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
    if there := find(stack):
        return _start(stack, there) if there.missing else there
    asked = stack.journal.open_question("instance")
    try:
        return _launch(stack, asked["token"] if asked else secrets.token_hex(16))
    except sdk.ClientError as error:
        if code(error) not in {"IdempotentInstanceTerminated", "IdempotentParameterMismatch"}:
            raise
        return find(stack) or _launch(stack, secrets.token_hex(16))


def ready(stack: Stack, record: Record) -> Readiness:
    """Tell whether it runs, has passed AWS's status checks, and answers over SSH."""
    now = _now(stack, record.id)
    starting = stack.wanted is not None and now.state in {"stopping", "stopped"}
    if now.state in DOWN and not starting:
        return Readiness("broken", f"the instance is {now.detail}", now)
    if now.state != "running" or not now.address:
        return Readiness("pending", now.state, now)
    checks = _checks(stack, record.id)
    return _answering(stack, now) if checks.state == "ready" else replace(checks, record=now)


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


def _launch(stack: Stack, token: str) -> Instance:
    """Ask for the instance, as soon as EC2 knows the new group and key pair."""
    ask = partial(stack.aws.ec2.run_instances, **request(stack, token))
    unknown = (
        "InvalidGroup.NotFound",
        "InvalidKeyPair.NotFound",
        "InvalidSecurityGroupID.NotFound",
    )
    with stack.journal.asking("instance", token=token) as made:
        found = while_unknown(ask, *unknown, clock=stack.clock)["Instances"][0]
        made(found["InstanceId"])
    return _record(found)


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
        **(standard if BURSTABLE.match(wanted.instance_type) else {}),
    }


def _checks(stack: Stack, instance_id: str) -> Readiness:
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


def _now(stack: Stack, instance_id: str) -> Instance:
    found = _described(stack, InstanceIds=[instance_id])
    return _record(found[0]) if found else Instance(instance_id, state=UNSEEN)


def _record(found: Any) -> Instance:  # noqa: ANN401 - AWS's own description
    state, kind = found["State"]["Name"], found["InstanceType"]
    address, dns = found.get("PublicIpAddress", ""), found.get("PublicDnsName", "")
    why = found.get("StateReason", {}).get("Message", "") if state in DOWN else ""
    words = ", ".join(filter(None, (kind, state, address, why)))
    identifier = found["InstanceId"]
    return Instance(identifier, detail=words, type=kind, state=state, address=address, dns=dns)


def _own(stack: Stack) -> Any:  # noqa: ANN401 - AWS's own descriptions
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
