"""One rule of a security group: who may come in where, and who wanted it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# The tag that says who wanted a rule; one made by hand has none.
FROM = "mlflow-ops:from"
# The caller's own address; `up --allow`; the command `allow`; the tutorial; a certificate's issuer.
DEFAULT, ALLOW, ADDED, AS_TAUGHT, ACME = "default", "allow", "added", "as-taught", "acme"
OURS = frozenset({DEFAULT, ALLOW, ADDED, AS_TAUGHT, ACME})
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
    def network(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
        """The addresses it lets in; None where a group or a prefix list says which."""
        try:
            return ipaddress.ip_network(self.source)
        except ValueError:
            return None

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

    @property
    def ports(self) -> str:
        """Its ports in words, as in `22` or `5000-5100`, with any protocol other than TCP."""
        ports = str(self.from_port)
        if self.to_port != self.from_port:
            ports += f"-{self.to_port}"
        return {"tcp": ports, "-1": "all traffic"}.get(self.protocol, f"{self.protocol} {ports}")

    def opens(self, port: int) -> bool:
        """Whether it lets somebody in at this TCP port."""
        if self.protocol == "tcp":
            return self.from_port <= port <= self.to_port or self.from_port == ALL
        return self.protocol == "-1"

    def __str__(self) -> str:
        """Say it as in `22 from 203.0.113.7/32`."""
        return f"{self.ports} from {self.source}"
