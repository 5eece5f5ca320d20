"""Why nothing answers: perhaps the firewall does not let in the address that the caller has now."""

from __future__ import annotations

import ipaddress
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlflow_ops.ec2 import firewall, groups, instances
from mlflow_ops.errors import (
    HostUnreachable,
    KeyRefused,
    MlflowOpsError,
    NotReady,
    TimedOut,
    TooSlow,
)
from mlflow_ops.iam.scopes import HERE
from mlflow_ops.reach import caller
from mlflow_ops.records import Instance
from mlflow_ops.refusals import FAILURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_ops.ec2.rules import Rule
    from mlflow_ops.stack import Stack

ALLOWS = HERE.allow("ec2", "DescribeInstances DescribeSecurityGroups DescribeSecurityGroupRules")


@contextmanager
def explained(stack: Stack) -> Iterator[None]:
    """Add to an error, of what did not answer, that the firewall shuts this machine out, if so."""
    try:
        yield
    except (HostUnreachable, NotReady, TimedOut) as error:
        if _is_silence(error) and (why := reason(stack)):
            error.args = (f"{error} {why}",)
        raise


def reason(stack: Stack) -> str:
    """Say that the firewall does not let this machine in; nothing if it does, or nobody knows.

    Asks for this machine's address and for the rules: once a command, when it has failed.
    """
    try:
        return _reason(stack)
    except (MlflowOpsError, *FAILURES):
        return ""


def _reason(stack: Stack) -> str:
    if stack.get(Instance) is None and (standing := instances.alive(stack)):
        stack = stack.knows(standing)
    group = groups.seen(stack)
    held = groups.rules(stack.aws.ec2, group.id) if group else ()
    own = caller.ranges(stack)[0] if group else ""
    ports = firewall.doors(stack.shape, stack.target.ports)
    if not group or all(lets_in(held, own, port) for port in ports):
        return ""
    return (
        f"This machine's address is now {own.partition('/')[0]}, which the firewall does not let "
        "in: `mlflow-ops allow me` lets it in."
    )


def lets_in(held: Iterable[Rule], own: str, port: int) -> bool:
    """Whether these rules may let a range of one address in; a prefix list may hold any."""
    address = ipaddress.ip_network(own)[0]
    opening = [rule.network for rule in held if rule.opens(port)]
    return any(network is None or address in network for network in opening)


def _is_silence(error: MlflowOpsError) -> bool:
    """Whether no connection came about; who gets a refusal, or another's certificate, is let in."""
    if isinstance(error, (TimedOut, KeyRefused, TooSlow)):
        return isinstance(error, TimedOut)
    cause = getattr(error.__cause__, "reason", error.__cause__)  # urllib wraps the real one
    if cause is None:  # a process in the background has seen it, and passed on the words alone
        return isinstance(error, HostUnreachable)
    return isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError)
