"""The way to the server from this machine: by its address, or through a tunnel."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_ops import files
from mlflow_ops.errors import NotReady, Refused
from mlflow_ops.reach import forward
from mlflow_ops.reach.through import Through
from mlflow_ops.reach.tracking import Tracking
from mlflow_ops.records import READY, Instance, Readiness
from mlflow_ops.server import certificates, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.stack import Stack

UNAUTHORIZED = 401
LOCKED_OUT = (
    "the server does not take the admin's password that this machine has, since somebody "
    "changed it: `mlflow-ops up` takes the one that the host keeps; only if nobody has it, "
    f"`mlflow-ops user password {serving.ADMIN}` sets a new one, and everybody else needs that"
)
LOOPBACK = "127.0.0.1"
# What MLflow's clients read; teammates without the stack's files have it from `mlflow-ops env`.
USERNAME, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
CERTIFICATE = "MLFLOW_TRACKING_SERVER_CERT_PATH"


def uri(stack: Stack, tunnel_port: int | None = None) -> str:
    """Return the URI that clients use; with a tunnel, that of its end on this machine."""
    instance, shape = stack.need(Instance), stack.shape
    address = f"[{instance.address}]" if ":" in instance.address else instance.address
    host, port = shape.domain or address, stack.target.ports.server
    if shape.access == "tunnel":
        host, port = LOOPBACK, tunnel_port or port
    return f"{shape.scheme}://{host}:{port}"


def username(stack: Stack) -> str:
    """Return whom this machine's clients log in as; empty where it knows no login."""
    if not stack.shape.login:
        return ""
    return serving.ADMIN if password_here(stack) else os.environ.get(USERNAME, "")


def password(stack: Stack) -> str:
    """Return the password that goes with the user's name."""
    if not stack.shape.login:
        return ""
    return password_here(stack) or os.environ.get(PASSWORD, "")


def password_here(stack: Stack) -> str:
    """Return the admin's password as this machine's files have it, or nothing."""
    return files.text(stack.folder.admin_password)


def ca(stack: Stack) -> Path | None:
    """Return the file with the CA to trust; None where it is the system's, or not known here."""
    if stack.shape.tls != "own":
        return None
    if certificates.fingerprint(files.text(stack.folder.ca_certificate)):
        return stack.folder.ca_certificate
    named = os.environ.get(CERTIFICATE)
    return Path(named) if named else None


@contextmanager
def held(stack: Stack) -> Iterator[str]:
    """Give the tracking URI, holding a tunnel for as long as the context lasts where one leads."""
    if stack.shape.access != "tunnel":
        yield uri(stack)
        return
    through = Through.of(stack, stack.target.ports.server)
    through.standing()  # an error now is the command's own
    with forward.listening(through.line) as port:
        yield uri(stack, port)


@contextmanager
def tracking(stack: Stack) -> Iterator[Tracking]:
    """Give the server as this machine's clients see it.

    Without the stack's CA its certificate cannot be checked: then no login is shown to it.
    """
    trusted = ca(stack)
    with held(stack) as found:
        if stack.shape.tls == "own" and trusted is None:
            yield Tracking(found, unproven=True)
        else:
            yield Tracking(found, username(stack), password(stack), trusted)


def readiness(stack: Stack) -> Readiness:
    """Tell whether a client of this machine gets an answer from the API."""
    try:
        with tracking(stack) as server:
            server.look()
    except Refused as error:
        if error.status == UNAUTHORIZED and stack.shape.login:
            return _locked_out(stack)
        return Readiness("pending" if stack.wanted else "broken", str(error))
    except NotReady as error:
        return Readiness("pending" if stack.wanted else "broken", str(error))
    return READY


def _locked_out(stack: Stack) -> Readiness:
    """Tell how it stands with a server that answers, but not to us."""
    if stack.shape.tls == "own" and ca(stack) is None:
        return Readiness(
            "ready", "it asks for a login, and this machine has no good CA to prove it"
        )
    if password_here(stack):
        return Readiness("broken", LOCKED_OUT)
    return Readiness("ready", "it asks for a login, which this machine does not have")
