"""What security groups need beyond a call: reading, changing and outliving their rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.ec2 import firewall

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

# A new group that AWS does not know everywhere yet, and rules that are not those just described.
STALE = (
    *("InvalidGroup.NotFound", "InvalidPermission.Duplicate", "InvalidPermission.NotFound"),
    "InvalidSecurityGroupRuleId.NotFound",
)


def rules(ec2: EC2Client, group_id: str) -> tuple[firewall.Rule, ...]:
    """Return the group's rules for what comes in."""
    pages = ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": [group_id]}]
    )
    found = [rule for page in pages for rule in page["SecurityGroupRules"]]
    return tuple(firewall.Rule.of(rule) for rule in found if not rule["IsEgress"])


def change(
    ec2: EC2Client, group_id: str, wanted: firewall.Change, tags: list[dict[str, str]]
) -> None:
    """Open before closing, so that whatever fails, somebody can still get in."""
    gone = [rule.id for rule in wanted.remove]
    origin: Any = [*tags, {"Key": firewall.FROM, "Value": wanted.origin}]
    _revoke(ec2, group_id, gone[: wanted.crowd])
    if wanted.add:
        new: Any = [rule.permission for rule in wanted.add]
        of_rules: Any = [{"ResourceType": "security-group-rule", "Tags": origin}]
        ec2.authorize_security_group_ingress(
            GroupId=group_id, IpPermissions=new, TagSpecifications=of_rules
        )
    if wanted.mark:
        ec2.create_tags(Resources=[rule.id for rule in wanted.mark], Tags=origin)
    _revoke(ec2, group_id, gone[wanted.crowd :])


def deleted(ec2: EC2Client, group_id: str) -> bool:
    """Delete the group; return whether it is gone, which it cannot be while it is in use."""
    try:
        ec2.delete_security_group(GroupId=group_id)
    except sdk.ClientError as error:
        if code(error) == "InvalidGroup.NotFound":
            return True
        if code(error) in {"DependencyViolation", "InvalidGroup.InUse"}:
            return False
        raise
    return True


def _revoke(ec2: EC2Client, group_id: str, rule_ids: list[str]) -> None:
    if rule_ids:
        ec2.revoke_security_group_ingress(GroupId=group_id, SecurityGroupRuleIds=rule_ids)
