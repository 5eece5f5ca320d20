"""What one launch of an instance asks for, the same in every byte when it is repeated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops import files
from mlflow_ops.ec2 import networks
from mlflow_ops.names import HOST_KEY_TAG, SHAPE_TAG, STOPS_TAG
from mlflow_ops.records import SecurityGroup
from mlflow_ops.shape import Shape
from mlflow_ops.ssh import host_keys, ssh_key, user_data

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack
    from mlflow_ops.wanted import Wanted

DISK_GIB = 8
BURSTABLE = re.compile(r"t(2|3|3a|4g)\.")


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
        # Its host stops it at its limits, and must not end it, and its disk, by that.
        "InstanceInitiatedShutdownBehavior": "stop",
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


def tell_shape(stack: Stack, instance_id: str, shape: Shape) -> None:
    """Put the tag on the instance that tells every machine what kind of stack it is."""
    tag: Any = {"Key": SHAPE_TAG, "Value": shape.tag}
    stack.aws.ec2.create_tags(Resources=[instance_id], Tags=[tag])


def tell_until(stack: Stack, instance_id: str, until: str) -> None:
    """Put the tag on the instance that tells when its time limit ends; empty for no limit."""
    tag: Any = {"Key": STOPS_TAG, "Value": until}
    stack.aws.ec2.create_tags(Resources=[instance_id], Tags=[tag])


def _birth(stack: Stack) -> tuple[dict[str, str], str]:
    """Return the tag that tells the host key of the launch, and the user data that gives it.

    The key is on the disk first: a launch that is repeated has to be the same in every byte.
    """
    kept = stack.folder.launch_host_key
    public = ssh_key.held(kept) or ssh_key.generate(kept)
    value = host_keys.tag(public.split()[1], launched=True)
    return {"Key": HOST_KEY_TAG, "Value": value}, user_data.cloud_config(files.text(kept), public)
