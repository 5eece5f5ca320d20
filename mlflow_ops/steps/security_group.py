"""The security group: who may reach SSH and the server, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops import firewall
from mlflow_ops.aws import code
from mlflow_ops.errors import NotOurs
from mlflow_ops.records import READY, Readiness, Record, SecurityGroup
from mlflow_ops.retry import while_unknown
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

PURPOSE = "firewall around the instance"
PLACE = "aws"
DEADLINE = 120.0
GONE_DEADLINE = 300.0
# A new group that AWS does not know everywhere yet, and rules that are not those just described.
STALE = (
    *("InvalidGroup.NotFound", "InvalidPermission.Duplicate", "InvalidPermission.NotFound"),
    "InvalidSecurityGroupRuleId.NotFound",
)


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
    while_unknown(lambda: _arrange(stack, group.id), *STALE, clock=stack.clock)
    return group


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - its tag finds it
    """Tell whether AWS shows the group; its rules act at once."""
    return READY if _seen(stack) else Readiness("pending", "not seen by AWS yet")


def destroy(stack: Stack, record: Record) -> None:
    """Delete the group, as soon as nothing uses it any more."""
    until(
        f"the security group {record.id} to be free of its instance",
        lambda: _deleted(stack, record.id),
        deadline=GONE_DEADLINE,
        clock=stack.clock,
    )


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
    held = _held(stack, group_id) if group_id else ()
    wanted = firewall.wanted_rules(stack.wanted, stack.target.ports)
    only = stack.wanted.allow_only_these
    return firewall.difference(held, wanted, only=only).checked(group_id)


def _held(stack: Stack, group_id: str) -> tuple[firewall.Rule, ...]:
    pages = stack.aws.ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": [group_id]}]
    )
    rules = [rule for page in pages for rule in page["SecurityGroupRules"]]
    return tuple(firewall.Rule.of(rule) for rule in rules if not rule["IsEgress"])


def _arrange(stack: Stack, group_id: str) -> None:
    """Open before closing, so that whatever fails, somebody can still get in."""
    change, ec2 = _change(stack, group_id), stack.aws.ec2
    gone = [rule.id for rule in change.remove]
    tags: Any = [*stack.names.tags, {"Key": firewall.FROM, "Value": change.origin}]
    _revoke(stack, group_id, gone[: change.crowd])
    if change.add:
        new: Any = [rule.permission for rule in change.add]
        of_rules: Any = [{"ResourceType": "security-group-rule", "Tags": tags}]
        ec2.authorize_security_group_ingress(
            GroupId=group_id, IpPermissions=new, TagSpecifications=of_rules
        )
    if change.mark:
        ec2.create_tags(Resources=[rule.id for rule in change.mark], Tags=tags)
    _revoke(stack, group_id, gone[change.crowd :])


def _revoke(stack: Stack, group_id: str, rules: list[str]) -> None:
    if rules:
        stack.aws.ec2.revoke_security_group_ingress(GroupId=group_id, SecurityGroupRuleIds=rules)


def _deleted(stack: Stack, group_id: str) -> bool:
    try:
        stack.aws.ec2.delete_security_group(GroupId=group_id)
    except sdk.ClientError as error:
        if code(error) == "InvalidGroup.NotFound":
            return True
        if code(error) in {"DependencyViolation", "InvalidGroup.InUse"}:
            return False
        raise
    return True
