"""Who may reach a stack that stands: looking, letting in and shutting out."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from mlflow_ops import elsewhere
from mlflow_ops.ec2 import firewall, groups, instances
from mlflow_ops.reach import caller
from mlflow_ops.records import Instance, SecurityGroup
from mlflow_ops.retry import while_unknown
from mlflow_ops.settings import network

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_ops.ec2.changes import Change
    from mlflow_ops.ec2.rules import Rule
    from mlflow_ops.stack import Stack

ME = "me"
NOBODY = (
    "Then nobody could get in, not even you: let somebody else in first, or remove the stack with "
    "`mlflow-ops down`."
)


def known(stack: Stack) -> Stack:
    """Return the stack with its group and its instance; raise NotReady when there is no group."""
    group, instance = groups.seen(stack), instances.alive(stack)
    if group is None:
        raise elsewhere.nowhere(stack, ": `mlflow-ops up` makes one")
    stack = stack.knows(group)
    return stack.knows(instance) if instance else stack


def rules(stack: Stack) -> tuple[Rule, ...]:
    """Return the rules that there are now, in order."""
    return tuple(sorted(groups.rules(stack.aws.ec2, stack.need(SecurityGroup).id)))


def ranges(stack: Stack, words: Iterable[str]) -> tuple[str, ...]:
    """Return the ranges that these words name, `me` being this machine's own.

    Raises BadOption for a word that names none, and MlflowOpsError for an unknown address.
    """
    found = [caller.ranges(stack) if word == ME else (network(word),) for word in words]
    return tuple(dict.fromkeys(each for several in found for each in several))


def change(stack: Stack, named: Iterable[str], *, remove: bool) -> Change:
    """Let these ranges in, or shut them out; return what has changed.

    Raises BadOption when the world would get in without a login, or nobody at all.
    """
    group, named = stack.need(SecurityGroup), tuple(named)

    def arrange() -> Change:
        held = rules(stack)
        wanted = _shutting_out(stack, held, named) if remove else _letting_in(stack, held, named)
        stack.check_hold()
        groups.change(stack.aws.ec2, group.id, wanted, stack.names.tags)
        return wanted

    return while_unknown(arrange, *groups.STALE, clock=stack.clock)


def still(left: Iterable[Rule], named: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules that still let in somebody of these ranges; a prefix list may."""
    shut = [ipaddress.ip_network(each) for each in named]
    return tuple(
        rule
        for rule in left
        if rule.network is None
        or any(rule.network.version == s.version and rule.network.overlaps(s) for s in shut)
    )


def _ports(stack: Stack) -> tuple[int, ...]:
    """Return the ports to open: without an instance, which says more, only SSH's."""
    ports = stack.target.ports
    return firewall.doors(stack.shape, ports) if stack.get(Instance) else (ports.ssh,)


def _letting_in(stack: Stack, held: tuple[Rule, ...], named: tuple[str, ...]) -> Change:
    wanted = firewall.letting_in(held, named, _ports(stack))
    if wanted.add:
        firewall.check_guarded(wanted, stack.target.ports, login=stack.shape.login)
    return wanted.checked()


def _shutting_out(stack: Stack, held: tuple[Rule, ...], named: tuple[str, ...]) -> Change:
    wanted = firewall.shutting_out(held, named, _ports(stack))
    return wanted.checked(NOBODY) if wanted else wanted
