"""What the server's role consists of, part by part: whether it is as wanted, and making it so."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops import policies
from mlflow_ops.iam import roles
from mlflow_ops.names import IAM_PATH
from mlflow_ops.policies import SERVER_POLICY

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.iam.roles import Held
    from mlflow_ops.stack import Stack


@dataclass(frozen=True)
class Part:
    """One part: whether it lacks in what is there, and making it, or making it right."""

    lacks: Callable[[Stack, Held], bool]
    make: Callable[[Stack], object]


def missing(stack: Stack, now: Held) -> tuple[str, ...]:
    """Return the names of the parts that are not as wanted."""
    return tuple(name for name, part in PARTS.items() if part.lacks(stack, now))


def _trust(stack: Stack) -> dict[str, Any]:
    return policies.trust_policy(stack.aws.identity[1])


def _document(stack: Stack) -> dict[str, Any]:
    return policies.server_policy(stack.names.bucket, stack.aws.identity[1])


def _make_role(stack: Stack) -> None:
    tags: Any = stack.names.tags
    stack.aws.iam.create_role(
        RoleName=stack.names.base,
        AssumeRolePolicyDocument=json.dumps(_trust(stack)),
        Path=IAM_PATH,
        Tags=tags,
    )


def _is_trusted(stack: Stack, now: Held) -> bool:
    return now.role is None or now.role["AssumeRolePolicyDocument"] == _trust(stack)


def _trust_ec2(stack: Stack) -> None:
    document = json.dumps(_trust(stack))
    stack.aws.iam.update_assume_role_policy(RoleName=stack.names.base, PolicyDocument=document)


def _has_policy(stack: Stack, now: Held) -> bool:
    iam, name = stack.aws.iam, stack.names.base
    if now.role is None or roles.attached(iam, name) or roles.inline(iam, name) != [SERVER_POLICY]:
        return False
    there = iam.get_role_policy(RoleName=name, PolicyName=SERVER_POLICY)["PolicyDocument"]
    return bool(there == _document(stack))


def _grant(stack: Stack) -> None:
    """Give the role its policy, and take all others off it."""
    iam, name = stack.aws.iam, stack.names.base
    document = json.dumps(_document(stack))
    iam.put_role_policy(RoleName=name, PolicyName=SERVER_POLICY, PolicyDocument=document)
    roles.strip(iam, name, but=SERVER_POLICY)


def _make_profile(stack: Stack) -> None:
    name, tags = stack.names.base, stack.names.tags
    given: Any = {"Path": IAM_PATH, "Tags": tags}
    stack.aws.iam.create_instance_profile(InstanceProfileName=name, **given)


def _fill(stack: Stack) -> None:
    """Put the role into the profile, which has room for one."""
    iam, name = stack.aws.iam, stack.names.base
    roles.empty(iam, name, but=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


PARTS = {
    "role": Part(lambda _, now: now.role is None, _make_role),
    "trust": Part(lambda stack, now: not _is_trusted(stack, now), _trust_ec2),
    "policy": Part(lambda stack, now: not _has_policy(stack, now), _grant),
    "instance profile": Part(lambda _, now: now.profile is None, _make_profile),
    # A role that is made anew is not the one that was in the profile.
    "role in the profile": Part(
        lambda stack, now: now.role is None or now.inside != [stack.names.base], _fill
    ),
}
# A new role has its trust from the call that makes it.
NEW = tuple(name for name, part in PARTS.items() if part.make is not _trust_ec2)
