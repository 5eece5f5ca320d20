"""The last look: everything in the account that still carries the stack's tag or its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.names import IAM_PATH
from mlflow_ops.refusals import explain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.stack import Stack


Found: TypeAlias = "Iterator[tuple[str, str]]"


@dataclass(frozen=True)
class Leftover:
    """Something of the stack that is still there, and the command that removes it."""

    id: str
    command: str


def leftovers(stack: Stack) -> tuple[list[Leftover], list[str]]:
    """Return what is left, in an order to remove it in, and what could not be looked at."""
    found: list[Leftover] = []
    failures: list[str] = []
    for look in (_instances, _interfaces, _volumes, _groups, _key_pairs, _buckets, _users):
        try:
            found += [Leftover(each, f"aws {command}") for each, command in look(stack)]
        except (MlflowOpsError, sdk.BotoCoreError, sdk.ClientError) as error:
            failures.append(f"the last look at {look.__name__.strip('_')}: {explain(error)}")
    return found, failures


def _instances(stack: Stack) -> Found:
    alive = {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
    filters: Any = [*stack.names.filters, alive]
    for reservation in stack.aws.ec2.describe_instances(Filters=filters)["Reservations"]:
        for one in _mine(stack, reservation["Instances"]):
            identifier = one["InstanceId"]
            yield _ec2(stack, identifier, f"terminate-instances --instance-ids {identifier}")


def _interfaces(stack: Stack) -> Found:
    filters: Any = stack.names.filters
    found = stack.aws.ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]
    for one in _mine(stack, found, "TagSet"):
        identifier = one["NetworkInterfaceId"]
        command = f"delete-network-interface --network-interface-id {identifier}"
        yield _ec2(stack, identifier, command)


def _volumes(stack: Stack) -> Found:
    filters: Any = stack.names.filters
    for one in _mine(stack, stack.aws.ec2.describe_volumes(Filters=filters)["Volumes"]):
        yield _ec2(stack, one["VolumeId"], f"delete-volume --volume-id {one['VolumeId']}")


def _groups(stack: Stack) -> Found:
    filters: Any = stack.names.filters
    found = stack.aws.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    for one in _mine(stack, found):
        yield _ec2(stack, one["GroupId"], f"delete-security-group --group-id {one['GroupId']}")


def _key_pairs(stack: Stack) -> Found:
    filters: Any = stack.names.filters
    for one in _mine(stack, stack.aws.ec2.describe_key_pairs(Filters=filters)["KeyPairs"]):
        yield _ec2(stack, one["KeyPairId"], f"delete-key-pair --key-pair-id {one['KeyPairId']}")


def _buckets(stack: Stack) -> Found:
    name = stack.names.bucket
    try:
        found: Any = stack.aws.s3.get_bucket_tagging(Bucket=name)["TagSet"]
    except sdk.ClientError as error:
        if code(error) not in {"NoSuchBucket", "NoSuchTagSet"}:
            raise
        return
    if stack.names.own(found):
        yield name, f"s3 rb --force s3://{name}"


def _users(stack: Stack) -> Found:
    iam, name = stack.aws.iam, stack.names.base
    pages = iam.get_paginator("list_users").paginate(PathPrefix=IAM_PATH)
    if not any(user["UserName"] == name for page in pages for user in page["Users"]):
        return
    tags: Any = iam.list_user_tags(UserName=name)["Tags"]
    if not stack.names.own(tags):
        return
    user = f"--user-name {name}"
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        identifier = key["AccessKeyId"]
        yield identifier, f"iam delete-access-key {user} --access-key-id {identifier}"
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        yield policy, f"iam delete-user-policy {user} --policy-name {policy}"
    for attached in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        yield arn, f"iam detach-user-policy {user} --policy-arn {arn}"
    yield name, f"iam delete-user {user}"


def _ec2(stack: Stack, identifier: str, command: str) -> tuple[str, str]:
    return identifier, f"ec2 {command} --region {stack.names.region}"


def _mine(stack: Stack, found: Any, key: str = "Tags") -> list[Any]:  # noqa: ANN401 - AWS's own descriptions
    """Keep, of AWS's descriptions, those whose tags say that they are the stack's."""
    return [one for one in found if stack.names.own(one.get(key, []))]
