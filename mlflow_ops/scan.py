"""The last look: everything in the account that still carries the stack's tag or its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.names import IAM_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.stack import Stack


@dataclass(frozen=True)
class Leftover:
    """Something of the stack that is still there, and the command that removes it."""

    id: str
    command: str


def leftovers(stack: Stack) -> list[Leftover]:
    """Return all that is left of the stack, in an order in which it can be removed."""
    region = f" --region {stack.names.region}"
    return [Leftover(each, f"aws {command}{region}") for each, command in _ec2(stack)] + [
        Leftover(each, f"aws {command}") for each, command in (*_s3(stack), *_iam(stack))
    ]


def _ec2(stack: Stack) -> Iterator[tuple[str, str]]:
    ec2, mine = stack.aws.ec2, _Mine(stack)
    alive = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
    filters: Any = [*stack.names.filters, alive]
    for reservation in ec2.describe_instances(Filters=filters)["Reservations"]:
        for one in mine(reservation["Instances"]):
            yield one["InstanceId"], f"ec2 terminate-instances --instance-ids {one['InstanceId']}"
    by_tag: Any = stack.names.filters
    for one in mine(ec2.describe_network_interfaces(Filters=by_tag)["NetworkInterfaces"], "TagSet"):
        found = one["NetworkInterfaceId"]
        yield found, f"ec2 delete-network-interface --network-interface-id {found}"
    for one in mine(ec2.describe_volumes(Filters=by_tag)["Volumes"]):
        yield one["VolumeId"], f"ec2 delete-volume --volume-id {one['VolumeId']}"
    for one in mine(ec2.describe_security_groups(Filters=by_tag)["SecurityGroups"]):
        yield one["GroupId"], f"ec2 delete-security-group --group-id {one['GroupId']}"
    for one in mine(ec2.describe_key_pairs(Filters=by_tag)["KeyPairs"]):
        yield one["KeyPairId"], f"ec2 delete-key-pair --key-pair-id {one['KeyPairId']}"


def _s3(stack: Stack) -> Iterator[tuple[str, str]]:
    name = stack.names.bucket
    try:
        found: Any = stack.aws.s3.get_bucket_tagging(Bucket=name)["TagSet"]
    except sdk.ClientError as error:
        if code(error) not in {"NoSuchBucket", "NoSuchTagSet", "AccessDenied"}:
            raise
        return
    if stack.names.own(found):
        yield name, f"s3 rb --force s3://{name}"


def _iam(stack: Stack) -> Iterator[tuple[str, str]]:
    iam, name = stack.aws.iam, stack.names.base
    for page in iam.get_paginator("list_users").paginate(PathPrefix=IAM_PATH):
        for user in page["Users"]:
            if user["UserName"] != name:
                continue
            for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
                identifier = key["AccessKeyId"]
                yield (
                    identifier,
                    f"iam delete-access-key --user-name {name} --access-key-id {identifier}",
                )
            yield name, f"iam delete-user --user-name {name}"


@dataclass(frozen=True)
class _Mine:
    """Keeps, of AWS's descriptions, those whose tags say that they are the stack's."""

    stack: Stack

    def __call__(self, found: Any, key: str = "Tags") -> list[Any]:  # noqa: ANN401 - AWS's own descriptions
        return [one for one in found if self.stack.names.own(one.get(key, []))]
