"""The security group: who may reach SSH and the server, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mlflow_ops.ec2 import firewall, groups, instances
from mlflow_ops.errors import NotOurs
from mlflow_ops.iam.scopes import AROUND, HERE, NEW, OWN, RULES, TAGS
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
        *OWN.allow("ec2", "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress"),
        *RULES.allow("ec2", "AuthorizeSecurityGroupIngress CreateTags"),
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
    group = _seen(stack)
    change = _change(stack, group.id if group else "")
    return replace(group, missing=change.words) if group else None


def plan(stack: Stack) -> str:
    """Say what would be made."""
    ports = ", ".join(map(str, firewall.open_ports(stack.want(), stack.target.ports)))
    return f"{stack.names.base}, ports {ports} from {', '.join(stack.want().allow)} only"


def create(stack: Stack) -> SecurityGroup:
    """Create the group with its tags, and make its rules the wanted ones."""
    group = while_unknown(
        lambda: _seen(stack) or _made(stack), "InvalidGroup.Duplicate", clock=stack.clock
    )
    while_unknown(lambda: _arrange(stack, group.id), *groups.STALE, clock=stack.clock)
    return group


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - its tag finds it
    """Tell whether AWS shows the group; its rules act at once."""
    return READY if _seen(stack) else Readiness("pending", "not seen by AWS yet")


def destroy(stack: Stack, record: Record) -> None:
    """Delete the group, as soon as nothing uses it any more."""
    until(
        f"the security group {record.id} to be free of its instance",
        lambda: groups.deleted(stack.aws.ec2, record.id) or _end_late_instance(stack),
        deadline=GONE_DEADLINE,
        clock=stack.clock,
    )


def _end_late_instance(stack: Stack) -> bool:
    """Terminate an instance that shows only now, as one launched just before a crash does."""
    if late := instances.alive(stack):
        stack.aws.ec2.terminate_instances(InstanceIds=[late.id])
    return False


def _seen(stack: Stack) -> SecurityGroup | None:
    named = {"Name": "group-name", "Values": [stack.names.base]}
    vpc_id = stack.wanted.vpc_id if stack.wanted else ""
    here = [{"Name": "vpc-id", "Values": [vpc_id]}] if vpc_id else []
    told = stack.journal.last("security_group", "made") or {}
    filters: Any
    found: Any
    for filters in (stack.names.filters, [named, *here]):
        found = stack.aws.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
        for group in found:
            # The tags of a new group may show later than its id.
            if stack.names.own(group.get("Tags", [])) or group["GroupId"] == told.get("id"):
                return SecurityGroup(group["GroupId"], vpc_id=group["VpcId"])
    if found:
        raise NotOurs(
            f"A security group {stack.names.base} ({found[0]['GroupId']}) is there already, "
            f"without the tag of the stack {stack.names.stack!r}: it is not ours to touch. "
            "Take another --name."
        )
    return None


def _made(stack: Stack) -> SecurityGroup:
    with stack.journal.asking("security_group", name=stack.names.base) as made:
        tags: Any = [{"ResourceType": "security-group", "Tags": stack.names.tags}]
        answer = stack.aws.ec2.create_security_group(
            GroupName=stack.names.base,
            Description=f"mlflow-ops stack {stack.names.stack}: SSH and the MLflow server",
            VpcId=stack.want().vpc_id,
            TagSpecifications=tags,
        )
        made(answer["GroupId"])
    return SecurityGroup(answer["GroupId"], vpc_id=stack.want().vpc_id)


def _change(stack: Stack, group_id: str) -> firewall.Change:
    """Return what `create` has to do to the rules; a group without an id has none yet."""
    if stack.wanted is None:
        return firewall.Change()
    held = groups.rules(stack.aws.ec2, group_id) if group_id else ()
    wanted = firewall.wanted_rules(stack.wanted, stack.target.ports)
    only = stack.wanted.allow_only_these
    return firewall.difference(held, wanted, only=only).checked(group_id)


def _arrange(stack: Stack, group_id: str) -> None:
    groups.change(stack.aws.ec2, group_id, _change(stack, group_id), stack.names.tags)
