"""What EC2 instances need beyond a call: what to ask for, and what AWS's descriptions mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops import files, host_keys, ssh_key, user_data
from mlflow_ops.aws import code
from mlflow_ops.ec2 import networks
from mlflow_ops.names import HOST_KEY_TAG, SHAPE_TAG
from mlflow_ops.records import READY, Instance, Readiness, SecurityGroup
from mlflow_ops.shape import Shape

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack
    from mlflow_ops.wanted import Wanted

DISK_GIB = 8
BURSTABLE = re.compile(r"t(2|3|3a|4g)\.")
ALIVE = ("pending", "running", "stopping", "stopped")
DYING = "shutting-down"
DOWN = ("stopping", "stopped", DYING, "terminated")
# AWS may not know a new instance's id for a moment, and forgets a terminated one's after an hour.
UNSEEN = "not seen by AWS yet"
GONE = ("terminated", UNSEEN)


@dataclass(frozen=True)
class Launch:
    """What differs between one launch and another; the same again for one that is repeated.

    `shape` is the tag's value, and `ipv6` the count of IPv6 addresses, or nothing.
    """

    token: str
    subnet: str
    type: str
    image: str
    shape: str
    ipv6: str = ""

    @classmethod
    def of(cls, token: str, wanted: Wanted, subnet: str) -> Launch:
        """Return the launch of what is wanted, in this subnet."""
        kind, image, shape = wanted.instance_type, wanted.ami, wanted.shape.tag
        return cls(token, subnet, kind, image, shape, networks.ipv6(wanted, subnet))


def request(stack: Stack, launch: Launch) -> Any:  # noqa: ANN401 - the parameters of RunInstances
    """Return what RunInstances is asked for."""
    kinds = ("instance", "volume", "network-interface")
    disk = {
        "VolumeSize": DISK_GIB,
        "VolumeType": "gp3",
        "DeleteOnTermination": True,
        "Encrypted": True,
    }
    host_key, launched_with = _birth(stack)
    tags = {"instance": [{"Key": SHAPE_TAG, "Value": launch.shape}, host_key]}
    shape, group = Shape.of(launch.shape), stack.need(SecurityGroup)
    # The instance profile has the name of its role.
    role = {"IamInstanceProfile": {"Name": stack.names.base}}
    # t3 and t4g bill for more than their share unless told not to.
    standard = {"CreditSpecification": {"CpuCredits": "standard"}}
    return {
        "ImageId": launch.image,
        "InstanceType": launch.type,
        "MinCount": 1,
        "MaxCount": 1,
        "KeyName": stack.names.base,
        "UserData": launched_with,
        "ClientToken": launch.token,
        "NetworkInterfaces": [networks.interface(group.id, launch, shape)],
        "BlockDeviceMappings": [{"DeviceName": "/dev/sda1", "Ebs": disk}],
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "TagSpecifications": [
            {"ResourceType": kind, "Tags": [*stack.names.tags, *tags.get(kind, ())]}
            for kind in kinds
        ],
        **(role if shape.credentials == "role" else {}),
        **(standard if BURSTABLE.match(launch.type) else {}),
    }


def shape_tag(stack: Stack) -> dict[str, str]:
    """Return the tag that tells every machine what kind of stack it is."""
    return {"Key": SHAPE_TAG, "Value": stack.want().shape.tag}


def _birth(stack: Stack) -> tuple[dict[str, str], str]:
    """Return the tag that tells the host key of the launch, and the user data that gives it.

    The key is on the disk first: a launch that is repeated has to be the same in every byte.
    """
    kept = stack.folder.launch_host_key
    public = ssh_key.held(kept) or ssh_key.generate(kept)
    value = host_keys.tag(public.split()[1], launched=True)
    return {"Key": HOST_KEY_TAG, "Value": value}, user_data.cloud_config(files.text(kept), public)


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
