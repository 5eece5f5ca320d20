"""A role in an instance profile of the same name: what there is of them, and their removal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops.wait import Clock, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_iam import IAMClient

CONFLICT_DEADLINE = 120.0


@dataclass(frozen=True)
class Held:
    """What IAM describes of the two; None for what is not there."""

    role: Any
    profile: Any

    @property
    def inside(self) -> list[str]:
        """The names of the roles in the profile."""
        return [role["RoleName"] for role in self.profile["Roles"]] if self.profile else []


def held(iam: IAMClient, name: str) -> Held:
    """Return what there is of this name."""
    role = unless_gone(iam, iam.get_role, RoleName=name)
    profile = unless_gone(iam, iam.get_instance_profile, InstanceProfileName=name)
    return Held(role and role["Role"], profile and profile["InstanceProfile"])


def attached(iam: IAMClient, name: str) -> list[str]:
    """Return the ARNs of the policies that are attached to the role."""
    answer = unless_gone(iam, iam.list_attached_role_policies, RoleName=name)
    return [each["PolicyArn"] for each in answer["AttachedPolicies"]] if answer else []


def inline(iam: IAMClient, name: str) -> list[str]:
    """Return the names of the role's own policies."""
    answer = unless_gone(iam, iam.list_role_policies, RoleName=name)
    return list(answer["PolicyNames"]) if answer else []


def strip(iam: IAMClient, name: str, but: str = "") -> None:
    """Take all policies off the role but its own one of this name."""
    for arn in attached(iam, name):
        unless_gone(iam, iam.detach_role_policy, RoleName=name, PolicyArn=arn)
    for policy in inline(iam, name):
        if policy != but:
            unless_gone(iam, iam.delete_role_policy, RoleName=name, PolicyName=policy)


def empty(iam: IAMClient, name: str, but: str = "") -> None:
    """Take every role out of the profile but one of this name."""
    for role in held(iam, name).inside:
        if role != but:
            take_out = iam.remove_role_from_instance_profile
            unless_gone(iam, take_out, InstanceProfileName=name, RoleName=role)


def remove(iam: IAMClient, name: str, clock: Clock) -> None:
    """Delete the role and the instance profile; fine if they are gone.

    Raises TimedOut when AWS still says after two minutes that something hangs on them.
    """
    _removed(iam, name) or until(
        f"the IAM role {name} to be free of all that hangs on it "
        f"(`aws iam delete-role --role-name {name}` says of what)",
        lambda: _removed(iam, name),
        deadline=CONFLICT_DEADLINE,
        clock=clock,
    )


def _removed(iam: IAMClient, name: str) -> bool:
    # https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html has this order.
    try:
        empty(iam, name)
        strip(iam, name)
        unless_gone(iam, iam.delete_role, RoleName=name)
        unless_gone(iam, iam.delete_instance_profile, InstanceProfileName=name)
    except (
        iam.exceptions.DeleteConflictException,
        iam.exceptions.ConcurrentModificationException,
    ):
        return False
    return True


def unless_gone(iam: IAMClient, call: Callable[..., Any], **parameters: str) -> Any:  # noqa: ANN401 - AWS's own answers
    """Return the answer to the call; None when what it is about is not there."""
    try:
        return call(**parameters)
    except iam.exceptions.NoSuchEntityException:
        return None
