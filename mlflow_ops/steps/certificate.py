"""The server's certificate, from a CA of the stack's own that clients pin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import commands, files
from mlflow_ops.records import READY, Certificate, Instance, Readiness, Record
from mlflow_ops.server import certificates, serving, vault

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "certificate for the server's address, from the stack's own CA"
PLACE = "host"
DEADLINE = 30.0
ALLOWS: Allows = {}


def find(stack: Stack) -> Certificate | None:
    """Return the certificate on the host; None when it has none."""
    if stack.get(Instance) is None:
        return None
    leaf = stack.host().ask(serving.CERTIFICATE)
    if not certificates.fingerprint(leaf):
        return None
    missing = tuple(_lacking(stack, leaf)) if stack.wanted else ()
    return _record(_held(stack)[1], leaf, missing)


def plan(stack: Stack) -> str:
    """Say what would be made."""
    return f"for the instance's address, its CA pinned in {stack.folder.ca_certificate}"


def create(stack: Stack) -> Certificate:
    """Settle on one CA, the host's before this machine's, and sign for the present address."""
    host, folder = stack.host(), stack.folder
    held = _vaults(stack)
    ca = held if certificates.is_authority(*held) else _held(stack)
    if not certificates.is_authority(*ca):
        ca = certificates.authority(stack.names.base)
    files.write_private(folder.ca_key, ca[0])
    files.write_private(folder.ca_certificate, ca[1])
    if held != ca:
        vault.put(host, vault.CA_KEY, ca[0])
        vault.put(host, vault.CA_CERTIFICATE, ca[1])
    leaf = host.ask(serving.CERTIFICATE)
    if not certificates.is_good(leaf, ca[1], names(stack)):
        host.run(f"mkdir -p {commands.FOLDER}")
        signed = certificates.leaf(*ca, names(stack))
        host.put(serving.PEM, signed)
        leaf = signed[signed.index("-----BEGIN CERT") :]
    return _record(ca[1], leaf, ())


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - a certificate that is there can be used
    """Tell that the certificate is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: the host's files go with its instance."""


def names(stack: Stack) -> list[str]:
    """Return the names and addresses that clients may use, a tunnel's ends among them."""
    instance = stack.need(Instance)
    own = (instance.address, instance.dns, instance.ipv6)
    return list(dict.fromkeys(filter(None, (*own, "localhost", "127.0.0.1", "::1"))))


def _record(ca: str, leaf: str, missing: tuple[str, ...]) -> Certificate:
    return Certificate(
        certificates.fingerprint(ca)[:16] or "unknown CA",
        detail=f"until {certificates.ends(leaf)}",
        missing=missing,
        leaf=certificates.fingerprint(leaf),
    )


def _lacking(stack: Stack, leaf: str) -> list[str]:
    key, ca = _held(stack)
    right = {
        "the CA on this machine": certificates.is_authority(key, ca),
        "the CA on the host": _vaults(stack) == (key, ca),
        "the present address": certificates.is_good(leaf, ca, names(stack)),
    }
    return [name for name, good in right.items() if not good]


def _held(stack: Stack) -> tuple[str, str]:
    """Return the CA's private key and certificate as this machine has them, or empty texts."""
    return files.text(stack.folder.ca_key), files.text(stack.folder.ca_certificate)


def _vaults(stack: Stack) -> tuple[str, str]:
    """Return the CA's private key and certificate as the host has them, or empty texts."""
    host = stack.host()
    return vault.get(host, vault.CA_KEY), vault.get(host, vault.CA_CERTIFICATE)
