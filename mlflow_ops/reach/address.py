"""The caller's own addresses, as the other end sees them."""

from __future__ import annotations

import ipaddress
import socket
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from mlflow_ops.errors import MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SERVICE = "https://checkip.amazonaws.com"
DEADLINE = 5.0
LONGEST_ANSWER = 64
DISCARD = 9
# What private networks, and VPNs into them, have their addresses from:
# https://datatracker.ietf.org/doc/html/rfc1918#section-3, rfc4193 and rfc6598
PRIVATE = tuple(
    map(
        ipaddress.ip_network,
        ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"),
    )
)
# The shortest prefix, by IP version, that can still be one organisation's.
SHORTEST = {4: 8, 6: 16}


def public(fetch: Callable[[str], bytes] | None = None) -> str:
    """Return this machine's public IPv4 address.

    Raises MlflowOpsError when the service does not answer within 5 s or answers anything else.
    """
    try:
        answer = (fetch or _fetch)(SERVICE).decode("ascii").strip()
        found = ipaddress.IPv4Address(answer)
    except (OSError, ValueError) as error:
        raise MlflowOpsError(_unknown(str(error))) from error
    if not found.is_global:
        raise MlflowOpsError(_unknown(f"it answered {found}, which is not public"))
    return str(found)


def towards(address: str) -> str:
    """Return the address that this machine's packets to another one carry; "" if none can go there.

    Only this machine's own routing table is asked: connecting a datagram socket sends nothing.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, DISCARD))
            return str(probe.getsockname()[0])
    except OSError:
        return ""


def single(address: str) -> str:
    """Return the range that holds this address alone; raise ValueError when it is none."""
    return str(ipaddress.ip_network(ipaddress.ip_address(address)))


def is_private(address: str) -> bool:
    """Whether this is an address of a private network, but not of one machine or link alone."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in PRIVATE)


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=DEADLINE) as answer:  # noqa: S310 - the URL is the constant above
        content: bytes = answer.read(LONGEST_ANSWER)
    return content


def _unknown(cause: str) -> str:
    return (
        f"This machine's public address could not be found at {SERVICE} ({cause}): "
        "name the ranges that may reach the server, with --allow or after `mlflow-ops allow`."
    )


def world_open(ranges: Iterable[str]) -> bool:
    """Whether these CIDRs, side by side, let in more than an IPv4 /8 or an IPv6 /16."""
    networks: list[Any] = [ipaddress.ip_network(each, strict=False) for each in ranges]
    return any(
        joined.prefixlen < shortest
        for version, shortest in SHORTEST.items()
        for joined in ipaddress.collapse_addresses(n for n in networks if n.version == version)
    )
