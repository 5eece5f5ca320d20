"""Which rules the security group is to have, and what has to change for that; asks nobody."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlflow_ops.errors import BadOption, MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow_ops.target import Ports
    from mlflow_ops.wanted import Wanted

# The tag that says who wanted a rule; one made by hand has none.
FROM = "mlflow-ops:from"
DEFAULT, ALLOW, AS_TAUGHT = "default", "allow", "as-taught"
TUTORIAL_PORTS = {80, 443}
# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
LIMIT = 60
ALL = -1


@dataclass(frozen=True, order=True)
class Rule:
    """Who may come in where: protocol, ports (-1 for all) and a CIDR, group or prefix list."""

    protocol: str
    from_port: int
    to_port: int
    source: str
    origin: str = ""
    id: str = ""

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> Rule:
        """Return a rule as `describe_security_group_rules` tells it."""
        cidr = found.get("CidrIpv4") or found.get("CidrIpv6")
        group = found.get("ReferencedGroupInfo", {}).get("GroupId", "")
        tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
        return cls(
            found["IpProtocol"],
            found.get("FromPort", ALL),
            found.get("ToPort", ALL),
            str(ipaddress.ip_network(cidr, strict=False))
            if cidr
            else found.get("PrefixListId") or group,
            tags.get(FROM, ""),
            found["SecurityGroupRuleId"],
        )

    @property
    def door(self) -> tuple[str, int, int, str]:
        """What the rule opens, and to whom."""
        return self.protocol, self.from_port, self.to_port, self.source

    @property
    def permission(self) -> dict[str, Any]:
        """The rule as `authorize_security_group_ingress` takes it; its source must be a CIDR."""
        key, inner = ("Ipv6Ranges", "CidrIpv6") if ":" in self.source else ("IpRanges", "CidrIp")
        return {
            "IpProtocol": self.protocol,
            "FromPort": self.from_port,
            "ToPort": self.to_port,
            key: [{inner: self.source}],
        }

    def __str__(self) -> str:
        """Say it as in `22 from 203.0.113.7/32`, naming any protocol other than TCP."""
        ports = str(self.from_port)
        if self.to_port != self.from_port:
            ports += f"-{self.to_port}"
        words = {"tcp": ports, "-1": "all traffic"}.get(self.protocol, f"{self.protocol} {ports}")
        return f"{words} from {self.source}"


@dataclass(frozen=True)
class Change:
    """Rules to add, to mark with their new origin and to remove, where `held` are there now."""

    held: int = 0
    add: tuple[Rule, ...] = ()
    mark: tuple[Rule, ...] = ()
    remove: tuple[Rule, ...] = ()

    @property
    def origin(self) -> str:
        """The one origin of the rules to add and to mark; empty when there are none."""
        return next((rule.origin for rule in (*self.add, *self.mark)), "")

    @property
    def left(self) -> int:
        """How many rules there are afterwards."""
        return self.held + len(self.add) - len(self.remove)

    @property
    def crowd(self) -> int:
        """How many rules must go first, because the new ones do not fit in beside them."""
        return max(0, self.held + len(self.add) - LIMIT) if self.add else 0

    @property
    def words(self) -> tuple[str, ...]:
        """Say what is missing now."""
        return (
            *(f"rule {rule}" for rule in self.add),
            *(f"mark {rule.origin} on rule {rule}" for rule in self.mark),
            *(f"no rule {rule}" for rule in self.remove),
        )

    def checked(self, group_id: str) -> Change:
        """Return the change; raise BadOption when it needs more rules than a group can hold.

        Raises MlflowOpsError when it leaves a group that is there already with none.
        """
        if self.add and self.left > LIMIT:
            raise BadOption(
                f"The security group would need {self.left} rules, one for each port and range, "
                f"and AWS lets it have {LIMIT}: name fewer or wider ranges with --allow."
            )
        if group_id and not self.left:
            raise MlflowOpsError(
                f"This machine's public address is unknown and the security group {group_id} "
                "would let nobody in: say with --allow CIDR who may reach the server."
            )
        return self


def open_ports(wanted: Wanted, ports: Ports) -> tuple[int, ...]:
    """Return the ports to open, in order."""
    ours = {ports.ssh, ports.server}
    return tuple(sorted(ours | TUTORIAL_PORTS if wanted.as_taught else ours))


def wanted_rules(wanted: Wanted, ports: Ports) -> tuple[Rule, ...]:
    """Return the rules that open the ports to the allowed ranges, in order and none twice."""
    named = ALLOW if wanted.allow_only_these else DEFAULT
    origin = AS_TAUGHT if wanted.as_taught else named
    return tuple(
        Rule("tcp", port, port, source, origin)
        for port in open_ports(wanted, ports)
        for source in sorted(set(wanted.allow))
    )


def difference(held: Iterable[Rule], wanted: Iterable[Rule], *, only: bool) -> Change:
    """Return what turns the held rules into the wanted ones.

    With `only` the wanted rules are all that there will be. Without it, rules made by hand stay,
    and so do those of --allow, beside which nothing is added; the tutorial's go, and the default
    ones give way to the wanted, or stay when none is wanted.
    """
    held, wanted = sorted(held), sorted(wanted)
    there, origins = {rule.door for rule in held}, {rule.door: rule.origin for rule in wanted}
    settled = not only and any(rule.origin == ALLOW for rule in held)
    passing = {AS_TAUGHT, DEFAULT} if wanted else {AS_TAUGHT}
    ours = [rule for rule in held if only or rule.origin in passing]
    return Change(
        len(held),
        add=() if settled else tuple(rule for rule in wanted if rule.door not in there),
        mark=tuple(
            replace(rule, origin=origins[rule.door])
            for rule in ours
            if origins.get(rule.door, rule.origin) != rule.origin
        ),
        remove=tuple(rule for rule in ours if rule.door not in origins),
    )
