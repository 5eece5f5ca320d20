"""The role that the instance has: passed to it at its launch, and again when it was made anew."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from mlflow_ops.records import Role
from mlflow_ops.retry import while_unknown

if TYPE_CHECKING:
    from mlflow_ops.records import Instance
    from mlflow_ops.stack import Stack

# What EC2 says of an instance profile that IAM has just made, under a code that says little:
# https://github.com/hashicorp/terraform/issues/15341, https://github.com/hashicorp/terraform/issues/2660
NEW_PROFILE = ("Invalid IAM Instance Profile", "has no associated IAM Roles")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
PROFILE_ID = "AIPA"
STANDING = {"Name": "state", "Values": ["associating", "associated"]}


def is_right(stack: Stack, instance: Instance) -> bool:
    """Whether the instance has the stack's role, where it is to have one.

    A profile of the same name that was made anew is another one, and the instance has lost its.
    """
    role = stack.get(Role)
    if stack.want().shape.credentials != "role":
        return True
    if role is None or not role.profile or not instance.profile:
        return False
    # Emulators have ids of other kinds, which tell nothing of each other.
    return role.profile == instance.profile or not role.profile.startswith(PROFILE_ID)


def attach(stack: Stack, instance: Instance) -> None:
    """Give the instance the role in the place of what it has, once EC2 knows the profile."""
    ec2, profile = stack.aws.ec2, {"Name": stack.need(Role).id}
    which: Any = [{"Name": "instance-id", "Values": [instance.id]}, STANDING]
    answer = ec2.describe_iam_instance_profile_associations(Filters=which)
    ask = partial(ec2.associate_iam_instance_profile, InstanceId=instance.id)
    for held in answer["IamInstanceProfileAssociations"]:
        change = ec2.replace_iam_instance_profile_association
        ask = partial(change, AssociationId=held["AssociationId"])
    while_unknown(partial(ask, IamInstanceProfile=profile), clock=stack.clock, said=NEW_PROFILE)
