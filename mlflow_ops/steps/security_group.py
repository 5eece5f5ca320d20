"""The security group: who may reach SSH and the server, and nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import NotOurs
from mlflow_ops.records import READY, Readiness, Record, SecurityGroup
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

PURPOSE = "firewall around the instance"
PLACE = "aws"
DEADLINE = 30.0
GONE_DEADLINE = 300.0
TUTORIAL_PORTS = (80, 443)

Rule = tuple[int, str]


def find(stack: Stack) -> SecurityGroup | None:
    """Return the stack's group; raise NotOurs when one of its name lacks our tag."""
    found = _described(stack, stack.names.filters)
    ours = [group for group in found if stack.names.own(group["Tags"])]
    if ours:
        return _record(stack, ours[0])
    by_name = _described(stack, [{"Name": "group-name", "Values": [stack.names.base]}])
    if by_name:
        raise NotOurs(
            f"A security group {stack.names.base} ({by_name[0]['GroupId']}) is there already, "
            f"without the tag of the stack {stack.names.stack!r}: it is not ours to touch. "
            "Take another --name."
        )
    return None


def plan(stack: Stack) -> str:
    """Say what would be made."""
    ports = ", ".join(map(str, sorted(_ports(stack))))
    return f"{stack.names.base}, ports {ports} from {', '.join(stack.want().allow)} only"


def create(stack: Stack) -> SecurityGroup:
    """Create the group with its tags, and make its rules the wanted ones."""
    if find(stack) is None:
        with stack.journal.asking("security_group", name=stack.names.base) as made:
            tags: Any = [{"ResourceType": "security-group", "Tags": stack.names.tags}]
            answer = stack.aws.ec2.create_security_group(
                GroupName=stack.names.base,
                Description=f"mlflow-ops stack {stack.names.stack}: SSH and the MLflow server",
                VpcId=stack.want().vpc_id,
                TagSpecifications=tags,
            )
            made(answer["GroupId"])
    group = until("the new group to show", lambda: _first(stack), deadline=DEADLINE)
    _set_rules(stack, group)
    return SecurityGroup(group["GroupId"], vpc_id=group["VpcId"])


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - rules act at once
    """Tell that the group is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Delete the group, as soon as nothing uses it any more."""
    until(
        f"the security group {record.id} to be free of its instance",
        lambda: _deleted(stack, record.id),
        deadline=GONE_DEADLINE,
        clock=stack.clock,
    )


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


def _first(stack: Stack) -> Any:  # noqa: ANN401 - AWS's own descriptions
    found = [g for g in _described(stack, stack.names.filters) if stack.names.own(g["Tags"])]
    return found[0] if found else None


def _record(stack: Stack, group: Any) -> SecurityGroup:  # noqa: ANN401 - AWS's own description
    add, remove = _difference(stack, group)
    lacking = tuple(f"rule {port} from {cidr}" for port, cidr in sorted(add))
    surplus = tuple(f"no rule {port} from {cidr}" for port, cidr in sorted(remove))
    return SecurityGroup(group["GroupId"], vpc_id=group["VpcId"], missing=lacking + surplus)


def _difference(stack: Stack, group: Any) -> tuple[set[Rule], set[Rule]]:  # noqa: ANN401 - AWS's own description
    """Return the rules to add and to remove; without --allow, what was added by hand stays."""
    if stack.wanted is None:
        return set(), set()
    wanted = {(port, cidr) for port in _ports(stack) for cidr in stack.wanted.allow}
    held = _rules(group)
    return wanted - held, (held - wanted if stack.wanted.allow_only_these else set())


def _ports(stack: Stack) -> set[int]:
    ours = {stack.target.ports.ssh, stack.target.ports.server}
    return ours | (set(TUTORIAL_PORTS) if stack.want().as_taught else set())


def _rules(group: Any) -> set[Rule]:  # noqa: ANN401 - AWS's own description
    return {
        (permission.get("FromPort", -1), cidr)
        for permission in group["IpPermissions"]
        for cidr in (
            *(found["CidrIp"] for found in permission.get("IpRanges", [])),
            *(found["CidrIpv6"] for found in permission.get("Ipv6Ranges", [])),
        )
    }


def _set_rules(stack: Stack, group: Any) -> None:  # noqa: ANN401 - AWS's own description
    add, remove = _difference(stack, group)
    ec2, group_id = stack.aws.ec2, group["GroupId"]
    if remove:
        gone: Any = [_permission(rule) for rule in sorted(remove)]
        ec2.revoke_security_group_ingress(GroupId=group_id, IpPermissions=gone)
    if add:
        new: Any = [_permission(rule) for rule in sorted(add)]
        tags: Any = [{"ResourceType": "security-group-rule", "Tags": stack.names.tags}]
        ec2.authorize_security_group_ingress(
            GroupId=group_id, IpPermissions=new, TagSpecifications=tags
        )


def _permission(rule: Rule) -> dict[str, Any]:
    port, cidr = rule
    key, inner = ("Ipv6Ranges", "CidrIpv6") if ":" in cidr else ("IpRanges", "CidrIp")
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, key: [{inner: cidr}]}


def _described(stack: Stack, filters: Any) -> Any:  # noqa: ANN401 - AWS's own descriptions
    groups = stack.aws.ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    return [{"Tags": [], **group} for group in groups]
