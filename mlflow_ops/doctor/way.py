"""The way to the server from here: this machine's address, and what stands between."""

from __future__ import annotations

import ipaddress
import re
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple

from mlflow_ops.doctor.check import FAIL, OK, WARN, Finding
from mlflow_ops.ec2 import instances
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.reach import reaching, shut_out
from mlflow_ops.reach.address import public, towards

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.records import Instance
    from mlflow_ops.settings import Options
    from mlflow_ops.shape import Shape
    from mlflow_ops.stack import Stack

# https://datatracker.ietf.org/doc/html/rfc6598
SHARED = ipaddress.ip_network("100.64.0.0/10")
PLACE = re.compile(r"([\w.-]+|\[[\da-fA-F:.]+\])(:\d{1,5})?")
UNREADABLE = "(whose address cannot be read)"
ANY_HOST = "mlflow.invalid"
STAYS = "name the ranges that your network leaves by with `mlflow-ops up --allow`"


class Sight(NamedTuple):
    """How this machine's address is seen from outside, and which one leads to another address."""

    own_address: Callable[[], str] = public
    route: Callable[[str], str] = towards


def address(sight: Sight, options: Options, before: Shape | None = None) -> Finding:
    """Tell whom `up` would let in. Raises MlflowOpsError when it would not know."""
    if (options.address or (before and before.address)) == "private":
        return Finding(OK, "`up` lets in this machine's address in the private network.")
    if given := options.let_in:
        return _named(sight, given)
    own = sight.own_address()
    what = f"{own}, which `up` lets in and nobody else."
    here = sight.route(own)
    if here and ipaddress.ip_address(here) in SHARED:
        return Finding(
            WARN, f"{own}, by a carrier's NAT: others come from it too, and it may change.", STAYS
        )
    if proxy := proxies().get("https"):
        told = f"{own}, as seen through the proxy {proxy}: SSH may come from another one."
        return Finding(WARN, told, STAYS)
    return Finding(OK, what)


def _named(sight: Sight, given: tuple[str, ...]) -> Finding:
    """Tell whether this machine is among those that are let in by name, as `up` needs it to be."""
    what = f"`up` lets in {', '.join(given)}"
    try:
        own = sight.own_address()
    except MlflowOpsError:
        return Finding(OK, f"{what} and nobody else.")
    networks: list[Any] = [ipaddress.ip_network(each) for each in given]
    if any(ipaddress.ip_address(own) in each for each in networks):
        return Finding(OK, f"{what}, among them this machine at {own}.")
    cure = f"name it too: --allow {own}/32"
    return Finding(WARN, f"{what}, and not this machine at {own}, from which `up` uses SSH.", cure)


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
    if urllib.request.proxy_bypass(ANY_HOST):  # NO_PROXY is *
        return {}
    return {
        scheme: _place(proxy)
        for scheme, proxy in urllib.request.getproxies().items()
        if scheme in {"http", "https", "all"}
    }


def _place(proxy: str) -> str:
    """Return a proxy's host and port: what stands after the last @, for a password holds anything.

    Nothing of it is told where that is no host.
    """
    last = proxy.rpartition("@")[2].rpartition("//")[2].partition("/")[0]
    return last if PLACE.fullmatch(last) else UNREADABLE
