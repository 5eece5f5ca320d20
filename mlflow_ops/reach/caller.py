"""Who this machine is to a stack's firewall: the addresses that its packets come from there."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from mlflow_ops.errors import BadOption
from mlflow_ops.reach import address
from mlflow_ops.records import Instance

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack
    from mlflow_ops.target import Target


def ranges(stack: Stack) -> tuple[str, ...]:
    """Return this machine's ranges of one address each, best known first.

    Nobody is asked for the IPv6 address: it is the one that this machine itself would take
    towards the instance's, where that has one. Raises MlflowOpsError for an unknown address.
    """
    instance = stack.get(Instance)
    if stack.shape.address == "private":
        return (private(stack.target, instance.address if instance else ""),)
    own = [stack.target.own_address()]
    six = stack.target.route(instance.ipv6) if instance and instance.ipv6 else ""
    if ":" in six and ipaddress.ip_address(six).is_global:
        own.append(six)
    return tuple(map(address.single, own))


def private(target: Target, destination: str) -> str:
    """Return the range of this machine's own address towards one in a private network.

    Raises BadOption when that is not a private network's: no route leads there then.
    """
    own = target.route(destination) if destination else ""
    if not address.is_private(own):
        known = f"is {own}, which no VPC or VPN has" if own else "is unknown"
        raise BadOption(
            f"This machine's address towards the VPC {known}: name the ranges that may reach the "
            "server, with --allow or after `mlflow-ops allow`."
        )
    return address.single(own)
