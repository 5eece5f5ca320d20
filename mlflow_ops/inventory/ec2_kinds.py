"""The kinds of things that EC2 holds in a region, in an order in which their commands work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow_ops.ec2.instances import ALIVE, DYING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Kind:
    """One kind of thing: how to ask for it, where its id and name stand, and what removes it.

    `named` is the filter for its name; `which` leaves out what others share with the account.
    """

    name: str
    ask: str
    path: str
    id: str
    remove: tuple[str, ...]
    named: str = "tag:Name"
    made: str = ""
    which: Mapping[str, list[str]] = field(default_factory=dict)
    states: tuple[str, ...] = ()


INSTANCE, KEY_PAIR = "instance", "key pair"
# What others depend on comes after them; an interface frees its address and its group.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (DependencyViolation)
KINDS = (
    Kind(
        INSTANCE,
        "describe_instances",
        "Reservations[].Instances[]",
        "InstanceId",
        (
            "ec2 terminate-instances --instance-ids {id}",
            "ec2 wait instance-terminated --instance-ids {id}",
        ),
        made="LaunchTime",
        states=(*ALIVE, DYING),
    ),
    Kind(
        "network interface",
        "describe_network_interfaces",
        "NetworkInterfaces[]",
        "NetworkInterfaceId",
        ("ec2 delete-network-interface --network-interface-id {id}",),
    ),
    Kind(
        "elastic IP",
        "describe_addresses",
        "Addresses[]",
        "AllocationId",
        ("ec2 release-address --allocation-id {id}",),
    ),
    Kind(
        "volume",
        "describe_volumes",
        "Volumes[]",
        "VolumeId",
        ("ec2 delete-volume --volume-id {id}",),
        made="CreateTime",
    ),
    Kind(
        "image",
        "describe_images",
        "Images[]",
        "ImageId",
        ("ec2 deregister-image --image-id {id}",),
        made="CreationDate",
        which={"Owners": ["self"]},
    ),
    Kind(
        "snapshot",
        "describe_snapshots",
        "Snapshots[]",
        "SnapshotId",
        ("ec2 delete-snapshot --snapshot-id {id}",),
        made="StartTime",
        which={"OwnerIds": ["self"]},
    ),
    Kind(
        "security group",
        "describe_security_groups",
        "SecurityGroups[]",
        "GroupId",
        ("ec2 delete-security-group --group-id {id}",),
        named="group-name",
    ),
    Kind(
        KEY_PAIR,
        "describe_key_pairs",
        "KeyPairs[]",
        "KeyPairId",
        ("ec2 delete-key-pair --key-pair-id {id}",),
        named="key-name",
        made="CreateTime",
    ),
)
