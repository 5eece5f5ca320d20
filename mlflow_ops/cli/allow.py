"""`mlflow-ops allow`."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from mlflow_ops import allowed, elsewhere, lease
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.ec2.changes import Change
from mlflow_ops.ec2.rules import ACME, ADDED, ALLOW, AS_TAUGHT, DEFAULT, OURS
from mlflow_ops.errors import BadOption, NotReady
from mlflow_ops.reach.address import world_open
from mlflow_ops.records import SecurityGroup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_ops.cli.show import Screen
    from mlflow_ops.ec2.rules import Rule
    from mlflow_ops.stack import Stack

WIDTH = 20  # 255.255.255.255/32
FROM = {
    DEFAULT: "where `up` was run",
    ALLOW: "`up --allow`",
    ADDED: "`allow`",
    AS_TAUGHT: "`up --as-taught`",
    ACME: "who issues the certificate",
}


@stack_command(
    example="$ mlflow-ops allow me\n"
    "(this machine's address may reach SSH and the server from now on; who else may is listed)"
)
@click.argument("words", metavar="[CIDR|me]...", nargs=-1)
@click.option("--remove", is_flag=True, help="Shut them out instead.")
def command(call: Call, *, words: tuple[str, ...], remove: bool) -> int:
    """List who may reach SSH and the server, let others in, or shut some out.

    `me` is this machine's own address, and its IPv6 address where the instance has one too. An
    address without a prefix stands for itself alone. What is let in here stays until it is removed,
    or `up --allow` names who may come in instead.
    """
    screen = call.screen()
    if remove and not words:
        raise BadOption("--remove takes away what you name: say which ranges, or `me`.")
    stack = call.stack()
    if not words:
        stack = _known(call, stack)
        return _shown(screen, stack, Change(allowed.rules(stack)))
    with lease.held(stack, call.settings.home, "allow") as hold:
        stack = _known(call, replace(stack, check_hold=hold.check))
        named = allowed.ranges(stack, words)
        change = allowed.change(stack, named, remove=remove)
    if hold.farewell:
        screen.say(hold.farewell)
    return _shown(screen, stack, change, named, remove=remove)


def _known(call: Call, stack: Stack) -> Stack:
    """Return the stack with what is known of it; raise WrongPlace when it stands elsewhere."""
    try:
        return allowed.known(stack)
    except NotReady:
        elsewhere.check(stack, call.settings)
        raise


def _shown(
    screen: Screen,
    stack: Stack,
    change: Change,
    named: Iterable[str] = (),
    *,
    remove: bool = False,
) -> int:
    """Say what has changed, who is let in now, and what is to be thought of."""
    group, named = stack.need(SecurityGroup).id, tuple(named)
    for line in _changes(change) or (["Nothing to change."] if named else []):
        screen.say(line)
    screen.say(f"The security group {group} lets in:")
    listed = list(_listed(change.after))
    for each in listed:
        what = f"{each['range']:<{WIDTH}} at {', '.join(each['ports'])}"
        screen.say(f"  {what}  ({FROM.get(each['from'], 'made by hand')})")
    still = allowed.still(change.after, named) if remove else ()
    for warning in _warnings(change.after, still, stack.target.ports.server):
        screen.say(warning)
    document = {"stack": stack.names.stack, "security_group": group, "allowed": listed}
    changed = {"added": change.add, "kept": change.mark, "removed": change.remove, "still": still}
    screen.result(document | {key: list(map(str, rules)) for key, rules in changed.items()})
    return 0


def _changes(change: Change) -> list[str]:
    return [
        *(f"Let in: {rule}" for rule in change.add),
        *(f"Let in for good: {rule}" for rule in change.mark),
        *(f"Shut out: {rule}" for rule in change.remove),
    ]


def _listed(rules: Iterable[Rule]) -> Iterator[dict[str, Any]]:
    """Yield each range with its ports and who wanted it."""

    def by(rule: Rule) -> tuple[str, str]:
        return rule.source, rule.origin if rule.origin in OURS else ""

    for (source, origin), same in groupby(sorted(rules, key=lambda r: (by(r), r)), key=by):
        yield {"range": source, "ports": [rule.ports for rule in same], "from": origin}


def _warnings(rules: tuple[Rule, ...], still: tuple[Rule, ...], port: int) -> Iterator[str]:
    for rule in still:
        yield f"Some of what you have shut out gets in still: {rule}."
    if world_open(str(rule.network) for rule in rules if rule.network and rule.opens(port)):
        yield "Anybody on the internet reaches the server: only its login keeps them out, if any."
    elif world_open(str(rule.network) for rule in rules if rule.network and rule.origin != ACME):
        yield "Anybody on the internet reaches SSH: only its keys keep them out."
