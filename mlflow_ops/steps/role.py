"""The role that the host has instead of an access key, in an instance profile of the same name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from mlflow_ops.errors import NotOurs
from mlflow_ops.iam import role_parts, roles
from mlflow_ops.iam.scopes import NAMED, PASS_ROLE
from mlflow_ops.records import READY, Readiness, Record, Role
from mlflow_ops.retry import while_unknown

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "IAM role that the server writes to the bucket as"
PLACE = "aws"
DEADLINE = 30.0
_POLICIES = "ListRolePolicies ListAttachedRolePolicies DeleteRolePolicy DetachRolePolicy"
ALLOWS: Allows = {
    "find": NAMED.allow("iam", "GetRole GetInstanceProfile"),
    "compare": NAMED.allow("iam", "ListAttachedRolePolicies ListRolePolicies GetRolePolicy"),
    "create": (
        *NAMED.allow("iam", "CreateRole TagRole UpdateAssumeRolePolicy PutRolePolicy"),
        *NAMED.allow("iam", "CreateInstanceProfile TagInstanceProfile AddRoleToInstanceProfile"),
        *NAMED.allow("iam", f"RemoveRoleFromInstanceProfile {_POLICIES}"),
        *PASS_ROLE.allow("iam", "PassRole"),
    ),
    "destroy": NAMED.allow(
        "iam", f"RemoveRoleFromInstanceProfile {_POLICIES} DeleteRole DeleteInstanceProfile"
    ),
}


def find(stack: Stack) -> Role | None:
    """Return the role, or what there is of it; raise NotOurs for one without our tag."""
    name = stack.names.base
    held = roles.held(stack.aws.iam, name)
    for kind, thing in (("role", held.role), ("instance profile", held.profile)):
        if thing and not stack.names.own(thing.get("Tags", [])):
            raise NotOurs(
                f"An IAM {kind} {name} is there already, without the tag of the stack "
                f"{stack.names.stack!r}: it is not ours to touch. Take another --name."
            )
    if held.role is None and held.profile is None:
        return None
    profile = held.profile["InstanceProfileId"] if held.profile else ""
    lacking = role_parts.missing(stack, held) if stack.wanted else ()
    return Role(name, missing=lacking, profile=profile)


def plan(stack: Stack) -> str:
    """Say what would be made."""
    return f"{stack.names.base}, for the instance alone, policy: only bucket {stack.names.bucket}"


def create(stack: Stack) -> Role:
    """Create the role and the profile with their tags, or mend what is missing of them."""
    name, there = stack.names.base, stack.get(Role)
    with stack.journal.asking("role", name=name) as made:
        for part in there.missing if there else role_parts.NEW:
            _make(stack, part)
        made(name)
    return find(stack) or Role(name)


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - whoever uses it waits until AWS knows it
    """Tell that the role is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Take the role out of the profile and its policies off it, then delete both."""
    roles.remove(stack.aws.iam, record.id, stack.clock)


def _make(stack: Stack, part: str) -> None:
    errors = stack.aws.iam.exceptions
    make = partial(role_parts.PARTS[part].make, stack)
    try:
        while_unknown(make, "NoSuchEntity", clock=stack.clock)
    except (errors.EntityAlreadyExistsException, errors.LimitExceededException):
        found = find(stack)  # which says so when it is not ours
        if found is None or part in found.missing:
            raise  # else it is ours, made by a call whose answer was lost
