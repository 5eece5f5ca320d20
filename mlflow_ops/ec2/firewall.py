"""Which rules the security group is to have, and what has to change for that; asks nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops.ec2.changes import Change
from mlflow_ops.ec2.rules import ACME, ADDED, ALLOW, AS_TAUGHT, DEFAULT, OURS, Rule
from mlflow_ops.errors import BadOption
from mlflow_ops.reach.address import world_open

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow_ops.shape import Shape
    from mlflow_ops.target import Ports
    from mlflow_ops.wanted import Wanted

TUTORIAL_PORTS = {80, 443}
# Let's Encrypt proves who has a domain from addresses that it does not tell:
# https://letsencrypt.org/docs/faq/#what-ip-addresses-does-let-s-encrypt-use-to-validate-my-web-server
ACME_PORT = 80
WORLD = ("0.0.0.0/0", "::/0")


def doors(shape: Shape, ports: Ports) -> tuple[int, ...]:
    """Return the ports that whoever is let in may reach, in order."""
    own = {ports.ssh} if shape.access == "tunnel" else {ports.ssh, ports.server}
    return tuple(sorted(own))


def open_ports(wanted: Wanted, ports: Ports) -> tuple[int, ...]:
    """Return the ports that `up` opens to the allowed ranges, in order."""
    own = doors(wanted.shape, ports)
    return tuple(sorted({*own, *TUTORIAL_PORTS})) if wanted.as_taught else own


def check_guarded(change: Change, ports: Ports, *, login: bool) -> None:
    """Raise BadOption when the change lets the world in to a server that asks for no login.

    Not for the tutorial's rules, which are open by name.
    """
    taught = any(rule.origin == AS_TAUGHT for rule in change.after)
    networks = [str(r.network) for r in change.after if r.opens(ports.server) and r.network]
    if not login and not taught and world_open(networks):
        raise BadOption(
            "The server asks for no login, and the firewall would let anybody on the internet in "
            "to read and run things: let narrower ranges in, or run `mlflow-ops up --auth` first."
        )


def words(wanted: Wanted, ports: Ports) -> str:
    """Say whom `up` lets in where."""
    opened = ", ".join(map(str, open_ports(wanted, ports)))
    acme = f", and port {ACME_PORT} for its certificate" if wanted.shape.tls == "acme" else ""
    return f"ports {opened} from {', '.join(wanted.allow)} only{acme}"


def wanted_rules(wanted: Wanted, ports: Ports, held: Iterable[Rule] = ()) -> tuple[Rule, ...]:
    """Return the rules that there are to be beside those made by hand, in order.

    They open the ports to the allowed ranges, and to a certificate's issuer where there is one.
    Those that are to be kept are the held ones, but that the caller's own address is the present.
    """
    if wanted.keep_rules and (held := tuple(held)):
        return _followed(wanted, held)
    opened, who = open_ports(wanted, ports), _ranges(wanted, held)
    rules = [Rule("tcp", p, p, source, who[source]) for p in opened for source in sorted(who)]
    acme = WORLD if wanted.shape.tls == "acme" else ()
    rules += [Rule("tcp", ACME_PORT, ACME_PORT, source, ACME) for source in acme]
    # The first of two that open the same stands for both.
    return tuple({rule.door: rule for rule in reversed(rules)}.values())[::-1]


def _ranges(wanted: Wanted, held: Iterable[Rule]) -> Mapping[str, str]:
    """Return who is to be let in, each with the origin of its rules.

    Whom --allow or `allow` has named stays until `up` names others. The caller's own address is
    let in beside those of `allow` alone, for who said --allow did not name it.
    """
    if wanted.allow_only_these:
        return dict.fromkeys(wanted.allow, AS_TAUGHT if wanted.as_taught else ALLOW)
    held = tuple(held)
    named = {rule.source: rule.origin for rule in held if rule.origin in {ALLOW, ADDED}}
    before = [rule.source for rule in held if rule.origin == DEFAULT]
    own = () if ALLOW in named.values() else wanted.allow or before
    return dict.fromkeys(own, DEFAULT) | named


def _followed(wanted: Wanted, held: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the held rules, those of the caller's own address for where it is now, if known."""
    held = sorted(held, key=lambda rule: rule.origin == DEFAULT)
    moved = [rule for rule in held if rule.origin == DEFAULT and wanted.allow]
    stay = [rule for rule in held if rule not in moved]
    new = [replace(rule, source=own, id="") for rule in moved for own in wanted.allow]
    # The first of two that open the same stands for both.
    return tuple({rule.door: rule for rule in reversed([*stay, *new])}.values())[::-1]


def difference(held: Iterable[Rule], wanted: Iterable[Rule], *, only: bool) -> Change:
    """Return what turns the held rules into the wanted ones.

    With `only` the wanted rules are all that there will be; without it, rules made by hand stay.
    """
    held, wanted = sorted(held), sorted(wanted)
    there, origins = {rule.door for rule in held}, {rule.door: rule.origin for rule in wanted}
    ours = [rule for rule in held if only or rule.origin in OURS]
    return Change(
        tuple(held),
        add=tuple(rule for rule in wanted if rule.door not in there),
        mark=tuple(
            replace(rule, origin=origins[rule.door])
            for rule in ours
            if origins.get(rule.door, rule.origin) != rule.origin
        ),
        remove=tuple(rule for rule in ours if rule.door not in origins),
    )


def letting_in(held: Iterable[Rule], ranges: Iterable[str], ports: Iterable[int]) -> Change:
    """Return what lets these ranges in at these ports for good, beside those who are let in now."""
    opened = tuple(ports)
    new = [Rule("tcp", p, p, source, ADDED) for p in opened for source in sorted(set(ranges))]
    held = sorted(held)
    there, doors_ = {rule.door for rule in held}, {rule.door for rule in new}
    return Change(
        tuple(held),
        add=tuple(rule for rule in new if rule.door not in there),
        mark=tuple(
            replace(rule, origin=ADDED)
            for rule in held
            if rule.door in doors_ and rule.origin in {DEFAULT, AS_TAUGHT}
        ),
    )


def shutting_out(held: Iterable[Rule], ranges: Iterable[str], ports: Iterable[int]) -> Change:
    """Return what takes these ranges' rules away: all of ours, others' that open these ports."""
    held, named, opened = sorted(held), set(ranges), {("tcp", port, port) for port in ports}
    theirs = [rule for rule in held if rule.source in named and rule.origin != ACME]
    return Change(
        tuple(held),
        remove=tuple(r for r in theirs if r.origin in OURS or r.door[:3] in opened),
    )
