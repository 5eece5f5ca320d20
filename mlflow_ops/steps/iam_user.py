"""The server's IAM user: no console access, and a policy for the stack's bucket alone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from mlflow_ops import iam_users
from mlflow_ops.errors import NotOurs
from mlflow_ops.names import IAM_PATH
from mlflow_ops.policies import USER_POLICY, administrator_access, server_policy
from mlflow_ops.records import READY, IamUser, Readiness, Record
from mlflow_ops.retry import while_unknown
from mlflow_ops.scopes import ADMINISTRATOR, USER, USER_DEVICES, USER_GROUPS

if TYPE_CHECKING:
    from types_boto3_iam import IAMClient

    from mlflow_ops.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "IAM user that the server writes to the bucket as"
PLACE = "aws"
DEADLINE = 30.0
ALLOWS: Allows = {
    "find": USER.allow("iam", "ListUserTags"),
    "compare": USER.allow("iam", "ListAttachedUserPolicies ListUserPolicies GetUserPolicy"),
    "create": USER.allow("iam", "CreateUser TagUser PutUserPolicy DetachUserPolicy"),
    "as_taught": (
        *ADMINISTRATOR.allow("iam", "AttachUserPolicy"),
        *USER.allow("iam", "DeleteUserPolicy"),
    ),
    "destroy": (
        *USER.allow("iam", "ListUserPolicies DeleteUserPolicy"),
        *USER.allow("iam", "ListAttachedUserPolicies DetachUserPolicy"),
        *USER.allow("iam", "ListGroupsForUser DeleteUser"),
        *USER_GROUPS.allow("iam", "RemoveUserFromGroup"),
        *USER.allow("iam", "ListMFADevices DeactivateMFADevice"),
        *USER.allow("iam", "ListSigningCertificates DeleteSigningCertificate"),
        *USER.allow("iam", "ListSSHPublicKeys DeleteSSHPublicKey"),
        *USER.allow("iam", "ListServiceSpecificCredentials DeleteServiceSpecificCredential"),
        *USER.allow("iam", "DeleteLoginProfile DeleteUserPermissionsBoundary"),
        *USER_DEVICES.allow("iam", "DeleteVirtualMFADevice"),
    ),
}


def find(stack: Stack) -> IamUser | None:
    """Return the user; raise NotOurs when one of its name lacks our tag."""
    iam, name = stack.aws.iam, stack.names.base
    try:
        tags: Any = iam.list_user_tags(UserName=name)["Tags"]
    except iam.exceptions.NoSuchEntityException:
        return None
    if not stack.names.own(tags):
        raise NotOurs(
            f"An IAM user {name} is there already, without the tag of the stack "
            f"{stack.names.stack!r}: it is not ours to touch. Take another --name."
        )
    return IamUser(name, missing=_missing(stack, name))


def plan(stack: Stack) -> str:
    """Say what would be made."""
    who = "AdministratorAccess" if stack.want().as_taught else f"only bucket {stack.names.bucket}"
    return f"{stack.names.base}, no console access, policy: {who}"


def create(stack: Stack) -> IamUser:
    """Create the user with its tags, and give it exactly the policy that is wanted."""
    name = stack.names.base
    if stack.get(IamUser) is None:
        with stack.journal.asking("iam_user", name=name) as made:
            _make(stack)
            made(name)
    while_unknown(lambda: _set_policy(stack), "NoSuchEntity", clock=stack.clock)
    return IamUser(name)


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - a user that is there can be used
    """Tell that the user is there, which is all it takes."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Take everything off the user that would keep it from going, then delete it."""
    iam_users.remove(stack.aws.iam, record.id, stack.clock)


def _make(stack: Stack) -> None:
    iam, tags = stack.aws.iam, cast("Any", stack.names.tags)
    try:
        iam.create_user(UserName=stack.names.base, Path=IAM_PATH, Tags=tags)
    except iam.exceptions.EntityAlreadyExistsException:
        if find(stack) is None:  # ours, made by a call whose answer was lost; else find says whose
            raise


def _set_policy(stack: Stack) -> None:
    iam, name = stack.aws.iam, stack.names.base
    if stack.want().as_taught:
        iam.attach_user_policy(UserName=name, PolicyArn=_administrator(stack))
        _drop_inline(iam, name)
    else:
        document = json.dumps(_document(stack))
        iam.put_user_policy(UserName=name, PolicyName=USER_POLICY, PolicyDocument=document)
        _detach_all(iam, name)


def _missing(stack: Stack, name: str) -> tuple[str, ...]:
    if stack.wanted is None:
        return ()
    iam = stack.aws.iam
    attached = [p["PolicyArn"] for p in _attached(iam, name)]
    inline = iam.list_user_policies(UserName=name)["PolicyNames"]
    if stack.wanted.as_taught:
        return () if (attached, inline) == ([_administrator(stack)], []) else ("policy",)
    if attached or inline != [USER_POLICY]:
        return ("policy",)
    held = iam.get_user_policy(UserName=name, PolicyName=USER_POLICY)["PolicyDocument"]
    return () if held == _document(stack) else ("policy",)


def _document(stack: Stack) -> dict[str, Any]:
    return server_policy(stack.names.bucket, stack.aws.identity[1])


def _administrator(stack: Stack) -> str:
    return administrator_access(stack.aws.identity[1])


def _attached(iam: IAMClient, name: str) -> Any:  # noqa: ANN401 - AWS's own descriptions
    return iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]


def _detach_all(iam: IAMClient, name: str) -> None:
    for policy in _attached(iam, name):
        iam.detach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])


def _drop_inline(iam: IAMClient, name: str) -> None:
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
