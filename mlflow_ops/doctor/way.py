"""The way to the server from here: this machine's address, and what stands between."""

from __future__ import annotations

import ipaddress
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mlflow_ops.doctor.check import FAIL, OK, WARN, Finding
from mlflow_ops.ec2 import instances
from mlflow_ops.reach import reaching, shut_out

if TYPE_CHECKING:
    from mlflow_ops.records import Instance
    from mlflow_ops.stack import Stack
    from mlflow_ops.target import Target

# https://datatracker.ietf.org/doc/html/rfc6598
SHARED = ipaddress.ip_network("100.64.0.0/10")
STAYS = "name the ranges that your network leaves by with `mlflow-ops up --allow`"


def address(target: Target) -> Finding:
    """Tell which address `up` would let in. Raises MlflowOpsError when nobody can say."""
    own = target.own_address()
    what = f"{own}, which `up` lets in and nobody else."
    here = target.route(own)
    if here and ipaddress.ip_address(here) in SHARED:
        return Finding(
            WARN, f"{own}, by a carrier's NAT: others come from it too, and it may change.", STAYS
        )
    if proxy := proxies().get("https"):
        told = f"{own}, as seen through the proxy {proxy}: SSH may come from another one."
        return Finding(WARN, told, STAYS)
    return Finding(OK, what)


def url(stack: Stack) -> Finding:
    """Tell whether this machine reaches the server, or whether anything is known to be in the way.

    A server that stands is asked, as its clients would ask it.
    """
    standing = instances.alive(stack)
    if standing is None:
        return before()
    if standing.state != "running":
        return Finding(OK, f"The stack is {standing.state}: `mlflow-ops start` starts it.")
    return _asked(stack.knows(standing), standing)


def _asked(stack: Stack, standing: Instance) -> Finding:
    if not standing.address:
        return Finding(FAIL, f"{standing.id} has no address.", "`mlflow-ops up` sees to it")
    try:
        now = reaching.readiness(stack)
    finally:
        stack.hang_up()
    if now.state == "ready":
        note = f": {now.detail}" if now.detail else ""
        return Finding(OK, f"{reaching.uri(stack)} answers{note}.")
    why = shut_out.reason(stack)
    cure = why or "`mlflow-ops status` tells which part is broken, and `mlflow-ops up` mends it"
    return Finding(FAIL, now.detail, cure)


def before() -> Finding:
    """Tell what is known to be in the way of a server that is not there yet."""
    found = proxies()
    if not found:
        what = "No proxy stands between: the network has to let out ports 22 and 5000."
        return Finding(OK, what)
    named = ", ".join(sorted(set(found.values())))
    return Finding(
        WARN,
        f"MLflow's clients on this machine would ask the proxy {named} for the server.",
        "if that refuses port 5000, add the server's address to NO_PROXY after `mlflow-ops up`; "
        "SSH goes past it, so the network has to let out port 22",
    )


def proxies() -> dict[str, str]:
    """Return the environment's proxies by scheme, as host and port, without their passwords."""
    found = {
        scheme: urlsplit(proxy if "//" in proxy else f"//{proxy}")
        for scheme, proxy in urllib.request.getproxies().items()
        if scheme in {"http", "https", "all"}
    }
    return {scheme: each.netloc.rpartition("@")[2] for scheme, each in found.items()}
