"""What is in use cannot be deleted: a group, an interface, a volume of a live instance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloud import backends
from cloud.wire import refusal

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call


@dataclass
class Dependencies:
    """Refuses to delete what something else still uses."""

    on: bool = True

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at a deletion."""
        check = CHECKS.get(call.operation)
        wrong = check(call) if check and self.on else None
        return refusal(call, *wrong) if wrong else ask()


def _group(call: Call) -> tuple[str, str] | None:
    ec2 = backends.ec2(call.region)
    name = call.parameters.get("GroupId") or call.parameters.get("GroupName", "")
    group = ec2.get_security_group_by_name_or_id(name)
    if group is None:
        return None
    users = [*backends.instances(call.region), *ec2.enis.values()]
    held = [g.id for user in users for g in _groups(user)]
    if group.id in held:
        return "DependencyViolation", f"resource {group.id} has a dependent object"
    if group.name == "default":
        return "CannotDelete", f"the default group {group.id} cannot be deleted by a user"
    return None


def _groups(user: object) -> list[Any]:  # moto's security groups
    found: list[Any] = getattr(user, "group_set", None) or getattr(user, "security_groups", [])
    interfaces = getattr(user, "nics", {})
    return [*found, *(group for nic in interfaces.values() for group in nic.group_set)]


def _interface(call: Call) -> tuple[str, str] | None:
    name = call.parameters["NetworkInterfaceId"]
    found = backends.ec2(call.region).enis.get(name)
    owner = getattr(found, "instance", None)
    if owner is None or owner.state == "terminated":
        return None
    said = f"Network interface '{name}' is currently in use."
    return "InvalidParameterValue", said


def _key_pair(call: Call) -> tuple[str, str] | None:
    """Find, as AWS does, a key pair by its id too, which moto does not."""
    pairs = backends.ec2(call.region).key_pairs
    wanted = call.parameters.get("KeyPairId")
    for name in [name for name, pair in pairs.items() if wanted and pair.id == wanted]:
        del pairs[name]
    return None


CHECKS = {
    "DeleteSecurityGroup": _group,
    "DeleteNetworkInterface": _interface,
    "DeleteKeyPair": _key_pair,
}
