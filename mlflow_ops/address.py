"""The caller's own public address, as AWS sees it."""

from __future__ import annotations

import ipaddress
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

from mlflow_ops.errors import MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SERVICE = "https://checkip.amazonaws.com"
DEADLINE = 5.0
LONGEST_ANSWER = 64
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


def _fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=DEADLINE) as answer:  # noqa: S310 - the URL is the constant above
        content: bytes = answer.read(LONGEST_ANSWER)
    return content


def _unknown(cause: str) -> str:
    return (
        f"This machine's public address could not be found at {SERVICE} ({cause}): "
        "say with --allow CIDR who may reach the server."
    )


def world_open(ranges: Iterable[str]) -> bool:
    """Whether these CIDRs, side by side, let in more than an IPv4 /8 or an IPv6 /16."""
    networks: list[Any] = [ipaddress.ip_network(each, strict=False) for each in ranges]
    return any(
        joined.prefixlen < shortest
        for version, shortest in SHORTEST.items()
        for joined in ipaddress.collapse_addresses(n for n in networks if n.version == version)
    )
