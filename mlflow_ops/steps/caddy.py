"""The HTTPS proxy of a stack with a domain, and its publicly trusted certificate."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

from mlflow_ops import commands, lock
from mlflow_ops.errors import HostFailed, NotReady
from mlflow_ops.reach import domain_name
from mlflow_ops.records import READY, Caddy, Instance, Readiness, Record
from mlflow_ops.server import caddy, caddy_unit
from trainer import visible

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "HTTPS for the domain, by a certificate that browsers trust"
PLACE = "host"
DEADLINE = 180.0
INSTALL_DEADLINE = 600.0
ALLOWS: Allows = {}


def find(stack: Stack) -> Caddy | None:
    """Return the proxy; None when the host has none."""
    if stack.get(Instance) is None:
        return None
    facts = _facts(stack)
    if not (facts["unit"] and facts["lock"]):
        return None
    missing = tuple(_lacking(stack, facts)) if stack.wanted else ()
    return Caddy(stack.shape.domain, missing=missing)


def plan(stack: Stack) -> str:
    """Say what would be made."""
    return f"{stack.shape.domain}, which has to lead to the instance's address"


def create(stack: Stack) -> Caddy:
    """Install it, and start it when the domain leads to it: an authority soon refuses who errs."""
    host, facts = stack.host(), _facts(stack)
    if facts["systemd"] in {"", "offline"}:
        raise HostFailed("--domain needs systemd on the host, and there is none: leave it out.")
    if facts["lock"] != commands.digest(lock.text(lock.CADDY)):
        host.put(f"{commands.FOLDER}/caddy.txt", lock.text(lock.CADDY))
        host.run(caddy.INSTALL, deadline=INSTALL_DEADLINE)
    instance, resolve = stack.need(Instance), stack.target.resolve
    if advice := domain_name.advice(stack.shape.domain, instance, resolve):
        raise NotReady(advice)
    host.put(f"{commands.FOLDER}/Caddyfile.new", _settings(stack, facts))
    host.put(f"{commands.FOLDER}/caddy-unit.new", caddy_unit.UNIT_TEXT)
    host.run(caddy.START)
    return Caddy(stack.shape.domain)


def ready(stack: Stack, record: Record) -> Readiness:
    """Tell whether it shows a certificate for the domain that is trusted here."""
    instance, port = stack.need(Instance), stack.target.ports.server
    if advice := domain_name.advice(record.id, instance, stack.target.resolve):
        return Readiness("broken", advice.rstrip("."))
    try:
        with socket.create_connection((instance.address, port), timeout=5) as raw:
            ssl.create_default_context().wrap_socket(raw, server_hostname=record.id).close()
    except ssl.SSLCertVerificationError as error:
        return Readiness("broken", f"its certificate is not trusted here: {error.verify_message}")
    except OSError as error:
        return Readiness("pending", f"no certificate for {record.id} yet ({error})")
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: it goes with the host."""


def last_words(stack: Stack) -> str:
    """Return why the authority gave no certificate, as the proxy's log tells."""
    try:
        refusal = caddy.refusal(stack.host().ask(caddy.LOG))
    except HostFailed as error:
        return f" {error}"
    return f" The authority says: {visible.line(refusal, 500)}" if refusal else ""


def _facts(stack: Stack) -> dict[str, str]:
    known = dict.fromkeys(caddy.FACTS, "")
    return known | commands.parse_facts(stack.host().ask(caddy.facts()))


def _lacking(stack: Stack, facts: dict[str, str]) -> list[str]:
    right = {
        "its program": facts["lock"] == commands.digest(lock.text(lock.CADDY)),
        "its settings": facts["settings"] == commands.digest(_settings(stack, facts)),
        "its unit": facts["unit"] == commands.digest(caddy_unit.UNIT_TEXT),
        "a running process": facts["active"] == "active",
    }
    return [name for name, good in right.items() if not good]


def _settings(stack: Stack, facts: dict[str, str]) -> str:
    directory = stack.want().acme_directory or facts["directory"]
    return caddy.Proxy(stack.shape.domain, stack.target.ports.server, directory).settings()
