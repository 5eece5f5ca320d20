"""How an instance is tied to its network: what to ask for, and what addresses came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow_ops.ec2.launches import Launch
    from mlflow_ops.shape import Shape
    from mlflow_ops.wanted import Wanted


def interface(group_id: str, launch: Launch, shape: Shape) -> dict[str, Any]:
    """Return the network interface that RunInstances is asked for."""
    return {
        "DeviceIndex": 0,
        "SubnetId": launch.subnet,
        "Groups": [group_id],
        "AssociatePublicIpAddress": shape.address == "public",
        "DeleteOnTermination": True,
        **({"Ipv6AddressCount": int(launch.ipv6)} if launch.ipv6 else {}),
    }


def ipv6(wanted: Wanted, subnet_id: str) -> str:
    """Return how many IPv6 addresses to ask for, or nothing where that is not to be said.

    One where there are any; a server that is to be private must not get one unasked, since the
    addresses of a VPC's IPv6 ranges are public ones:
    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-ip-addressing.html
    """
    found = next((each for each in wanted.subnets if each.id == subnet_id), None)
    if found is None or not found.ipv6:
        return ""
    if wanted.shape.address == "public":
        return "1"
    return "0" if found.ipv6_unasked else ""


def addresses(found: Any, shape: Shape) -> tuple[str, str, str]:  # noqa: ANN401 - AWS's own description
    """Return the address, its name and the IPv6 address of an instance that AWS describes."""
    kind = "Public" if shape.address == "public" else "Private"
    keys = (f"{kind}IpAddress", f"{kind}DnsName", "Ipv6Address")
    address, dns, ipv6 = (found.get(key, "") for key in keys)
    return address, dns, ipv6
