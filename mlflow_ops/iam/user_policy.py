"""The one policy that the server's IAM user has, and no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_ops.policies import SERVER_POLICY, administrator_access, server_policy

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

    from mlflow_ops.stack import Stack


def give(stack: Stack) -> None:
    """Give a new user the wanted policy."""
    iam, name = stack.aws.iam, stack.names.base
    if stack.want().as_taught:
        iam.attach_user_policy(UserName=name, PolicyArn=_administrator(stack))
    else:
        document = json.dumps(_document(stack))
        iam.put_user_policy(UserName=name, PolicyName=SERVER_POLICY, PolicyDocument=document)


def correct(stack: Stack) -> None:
    """Give a user that is there the wanted policy, and take all others off it."""
    give(stack)
    iam, name = stack.aws.iam, stack.names.base
    wanted = {_administrator(stack) if stack.want().as_taught else SERVER_POLICY}
    for arn in {*_attached(iam, name)} - wanted:
        iam.detach_user_policy(UserName=name, PolicyArn=arn)
    for policy in {*_inline(iam, name)} - wanted:
        iam.delete_user_policy(UserName=name, PolicyName=policy)


def is_right(stack: Stack) -> bool:
    """Whether the user has the wanted policy, and no other."""
    iam, name = stack.aws.iam, stack.names.base
    attached, inline = _attached(iam, name), _inline(iam, name)
    if stack.want().as_taught:
        return (attached, inline) == ([_administrator(stack)], [])
    if attached or inline != [SERVER_POLICY]:
        return False
    held = iam.get_user_policy(UserName=name, PolicyName=SERVER_POLICY)["PolicyDocument"]
    return bool(held == _document(stack))


def _document(stack: Stack) -> dict[str, Any]:
    return server_policy(stack.names.bucket, stack.aws.identity[1])


def _administrator(stack: Stack) -> str:
    return administrator_access(stack.aws.identity[1])


def _attached(iam: IAMClient, name: str) -> list[str]:
    found = iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]
    return [policy["PolicyArn"] for policy in found]


def _inline(iam: IAMClient, name: str) -> list[str]:
    return iam.list_user_policies(UserName=name)["PolicyNames"]
