"""Where a stack's domain leads, and which DNS records it should have."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.records import Instance


def addresses(domain: str) -> set[str]:
    """Return the addresses that this machine finds for the domain, both kinds of IP."""
    try:
        found = socket.getaddrinfo(domain, None, proto=socket.IPPROTO_TCP)
    except OSError:
        return set()
    return {str(each[4][0]) for each in found}


def advice(domain: str, instance: Instance, find: Callable[[str], set[str]] = addresses) -> str:
    """Say which record the domain needs to lead to the instance alone; nothing when it does.

    An authority may look at any of the addresses, and asks by IPv6 first where there is one.
    https://letsencrypt.org/docs/ipv6-support/
    """
    found = find(domain)
    others = sorted(found - {instance.address, instance.ipv6})
    if instance.address in found and not others:
        return ""
    leads = f"leads to {', '.join(sorted(found))}" if found else "leads nowhere yet"
    wanted = f"give it one A record with {instance.address}"
    if any(":" in each for each in others):
        wanted += f", and no AAAA record{f' but {instance.ipv6}' if instance.ipv6 else ''}"
    return (
        f"The domain {domain} {leads}, as seen from here: {wanted}, wait until it is known, and "
        "run the same `mlflow-ops up` again, which goes on from here."
    )
