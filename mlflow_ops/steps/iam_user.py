"""The server's IAM user: no console access, and a policy for the stack's bucket alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from mlflow_ops.errors import NotOurs
from mlflow_ops.iam import user_policy, users
from mlflow_ops.iam.scopes import ADMINISTRATOR, NAMED, USER_DEVICES, USER_GROUPS
from mlflow_ops.names import IAM_PATH
from mlflow_ops.records import READY, IamUser, Readiness, Record
from mlflow_ops.retry import while_unknown

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "IAM user that the server writes to the bucket as"
PLACE = "aws"
DEADLINE = 30.0
ALLOWS: Allows = {
    "find": NAMED.allow("iam", "ListUserTags"),
    "compare": NAMED.allow("iam", "ListAttachedUserPolicies ListUserPolicies GetUserPolicy"),
    "create": NAMED.allow(
        "iam", "CreateUser TagUser PutUserPolicy DetachUserPolicy DeleteUserPolicy"
    ),
    "as_taught": ADMINISTRATOR.allow("iam", "AttachUserPolicy"),
    "destroy": (
        *NAMED.allow("iam", "ListUserPolicies DeleteUserPolicy"),
        *NAMED.allow("iam", "ListAttachedUserPolicies DetachUserPolicy"),
        *NAMED.allow("iam", "ListGroupsForUser DeleteUser"),
        *USER_GROUPS.allow("iam", "RemoveUserFromGroup"),
        *NAMED.allow("iam", "ListMFADevices DeactivateMFADevice"),
        *NAMED.allow("iam", "ListSigningCertificates DeleteSigningCertificate"),
        *NAMED.allow("iam", "ListSSHPublicKeys DeleteSSHPublicKey"),
        *NAMED.allow("iam", "ListServiceSpecificCredentials DeleteServiceSpecificCredential"),
        *NAMED.allow("iam", "DeleteLoginProfile DeleteUserPermissionsBoundary"),
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
    right = stack.wanted is None or user_policy.is_right(stack)
    return IamUser(name, missing=() if right else ("policy",))


def plan(stack: Stack) -> str:
    """Say what would be made."""
    who = "AdministratorAccess" if stack.want().as_taught else f"only bucket {stack.names.bucket}"
    return f"{stack.names.base}, no console access, policy: {who}"


def create(stack: Stack) -> IamUser:
    """Create the user with its tags, and give it exactly the policy that is wanted."""
    name, is_new = stack.names.base, stack.get(IamUser) is None
    if is_new:
        with stack.journal.asking("iam_user", name=name) as made:
            _make(stack)
            made(name)
    grant = user_policy.give if is_new else user_policy.correct
    while_unknown(lambda: grant(stack), "NoSuchEntity", clock=stack.clock)
    return IamUser(name)


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - a user that is there can be used
    """Tell that the user is there, which is all it takes."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Take everything off the user that would keep it from going, then delete it."""
    users.remove(stack.aws.iam, record.id, stack.clock)


def _make(stack: Stack) -> None:
    iam, tags = stack.aws.iam, cast("Any", stack.names.tags)
    try:
        iam.create_user(UserName=stack.names.base, Path=IAM_PATH, Tags=tags)
    except iam.exceptions.EntityAlreadyExistsException:
        if find(stack) is None:  # ours, made by a call whose answer was lost; else find says whose
            raise
