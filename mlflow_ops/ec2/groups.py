"""What security groups need beyond a call: finding, reading, changing and outliving their rules."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.ec2 import firewall, instances
from mlflow_ops.ec2.changes import Change
from mlflow_ops.ec2.rules import FROM, Rule
from mlflow_ops.errors import NotOurs
from mlflow_ops.iam.scopes import OWN, RULES
from mlflow_ops.records import SecurityGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from types_boto3_ec2 import EC2Client

    from mlflow_ops.stack import Stack

# A new group that AWS does not know everywhere yet, and rules that are not those just described.
STALE = (
    *("InvalidGroup.NotFound", "InvalidPermission.Duplicate", "InvalidPermission.NotFound"),
    "InvalidSecurityGroupRuleId.NotFound",
)
# What changing the rules needs.
CHANGES = (
    *OWN.allow("ec2", "AuthorizeSecurityGroupIngress RevokeSecurityGroupIngress"),
    *RULES.allow("ec2", "AuthorizeSecurityGroupIngress CreateTags"),
)
NOBODY = (
    "This machine's address is unknown and the security group {} would let nobody in: say with "
    "--allow CIDR who may reach the server."
)


def seen(stack: Stack) -> SecurityGroup | None:
    """Return the stack's group; raise NotOurs for another one of its name in the same VPC."""
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


def made(stack: Stack) -> SecurityGroup:
    """Make the stack's group with its tags, and without rules."""
    with stack.journal.asking("security_group", name=stack.names.base) as made_:
        tags: Any = [{"ResourceType": "security-group", "Tags": stack.names.tags}]
        answer = stack.aws.ec2.create_security_group(
            GroupName=stack.names.base,
            Description=f"mlflow-ops stack {stack.names.stack}: SSH and the MLflow server",
            VpcId=stack.want().vpc_id,
            TagSpecifications=tags,
        )
        made_(answer["GroupId"])
    return SecurityGroup(answer["GroupId"], vpc_id=stack.want().vpc_id)


def rules(ec2: EC2Client, group_id: str) -> tuple[Rule, ...]:
    """Return the group's rules for what comes in."""
    pages = ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": [group_id]}]
    )
    found = [rule for page in pages for rule in page["SecurityGroupRules"]]
    return tuple(Rule.of(rule) for rule in found if not rule["IsEgress"])


def due(stack: Stack, group_id: str) -> Change:
    """Return what `up` has to change about the rules; a group without an id has none yet."""
    if (wanted := stack.wanted) is None:
        return Change()
    held = rules(stack.aws.ec2, group_id) if group_id else ()
    wish = firewall.wanted_rules(wanted, stack.target.ports, held)
    found = firewall.difference(held, wish, only=wanted.allow_only_these)
    firewall.check_guarded(found, stack.target.ports, login=wanted.guarded)
    return found.checked(NOBODY.format(group_id) if group_id else "")


def change(ec2: EC2Client, group_id: str, wanted: Change, tags: list[dict[str, str]]) -> None:
    """Open before closing, so that whatever fails, somebody can still get in."""
    gone = [rule.id for rule in wanted.remove]
    _revoke(ec2, group_id, gone[: wanted.crowd])
    for new, of in _by_origin(wanted.add, tags):
        permissions: Any = [rule.permission for rule in new]
        of_rules: Any = [{"ResourceType": "security-group-rule", "Tags": of}]
        ec2.authorize_security_group_ingress(
            GroupId=group_id, IpPermissions=permissions, TagSpecifications=of_rules
        )
    for there, of in _by_origin(wanted.mark, tags):
        ec2.create_tags(Resources=[rule.id for rule in there], Tags=of)
    _revoke(ec2, group_id, gone[wanted.crowd :])


def deleted(stack: Stack, group_id: str) -> bool:
    """Delete the group; return whether it is gone, which it cannot be while it is in use.

    An instance that shows only now, as one launched just before a crash does, is terminated.
    """
    ec2 = stack.aws.ec2
    try:
        ec2.delete_security_group(GroupId=group_id)
    except sdk.ClientError as error:
        if code(error) == "InvalidGroup.NotFound":
            return True
        if code(error) not in {"DependencyViolation", "InvalidGroup.InUse"}:
            raise
    else:
        return True
    if late := instances.alive(stack):
        ec2.terminate_instances(InstanceIds=[late.id])
    return False


def _by_origin(
    changed: Iterable[Rule], tags: list[dict[str, str]]
) -> Iterator[tuple[list[Rule], Any]]:
    """Yield the rules of each origin with the tags that say so: one call takes one set of tags."""
    ordered = sorted(changed, key=lambda rule: rule.origin)
    for origin, same in groupby(ordered, key=lambda rule: rule.origin):
        yield list(same), [*tags, {"Key": FROM, "Value": origin}]


def _revoke(ec2: EC2Client, group_id: str, rule_ids: list[str]) -> None:
    if rule_ids:
        ec2.revoke_security_group_ingress(GroupId=group_id, SecurityGroupRuleIds=rule_ids)
