"""The security group: who may reach SSH and the server, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops.ec2 import firewall, groups
from mlflow_ops.iam.scopes import AROUND, HERE, NEW, OWN, TAGS
from mlflow_ops.records import READY, Readiness, Record, SecurityGroup
from mlflow_ops.retry import while_unknown
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "firewall around the instance"
PLACE = "aws"
DEADLINE = 120.0
GONE_DEADLINE = 300.0
ALLOWS: Allows = {
    "find": HERE.allow("ec2", "DescribeSecurityGroups"),
    "compare": HERE.allow("ec2", "DescribeSecurityGroupRules"),
    "create": (
        *NEW.allow("ec2", "CreateSecurityGroup"),
        *AROUND.allow("ec2", "CreateSecurityGroup"),
        *TAGS.allow("ec2", "CreateTags"),
        *groups.CHANGES,
    ),
    "destroy": (
        *OWN.allow("ec2", "DeleteSecurityGroup TerminateInstances"),
        *HERE.allow("ec2", "DescribeInstances"),
    ),
}


def find(stack: Stack) -> SecurityGroup | None:
    """Return the stack's group; raise NotOurs for another one of its name in the same VPC.

    Raises BadOption when the wanted rules are more than a group can hold.
    """
    group = groups.seen(stack)
    change = groups.due(stack, group.id if group else "")
    return replace(group, missing=change.words) if group else None


def plan(stack: Stack) -> str:
    """Say what would be made."""
    return f"{stack.names.base}, {firewall.words(stack.want(), stack.target.ports)}"


def create(stack: Stack) -> SecurityGroup:
    """Create the group with its tags, and make its rules the wanted ones."""
    group = while_unknown(
        lambda: groups.seen(stack) or groups.made(stack),
        "InvalidGroup.Duplicate",
        clock=stack.clock,
    )
    while_unknown(lambda: _arrange(stack, group.id), *groups.STALE, clock=stack.clock)
    return group


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - its tag finds it
    """Tell whether AWS shows the group; its rules act at once."""
    return READY if groups.seen(stack) else Readiness("pending", "not seen by AWS yet")


def destroy(stack: Stack, record: Record) -> None:
    """Delete the group, as soon as nothing uses it any more."""
    until(
        f"the security group {record.id} to be free of its instance",
        lambda: groups.deleted(stack, record.id),
        deadline=GONE_DEADLINE,
        clock=stack.clock,
    )


def _arrange(stack: Stack, group_id: str) -> None:
    groups.change(stack.aws.ec2, group_id, groups.due(stack, group_id), stack.names.tags)
