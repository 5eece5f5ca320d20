"""The MLflow page at a plain HTTP address of this machine, which a browser takes as it is.

What TLS there is ends here, where the stack's CA is pinned. The browser asks for the login: to add
it here would give it to every program and every user of this machine.
"""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mlflow_ops.errors import NotReady, PrivateKeyLost
from mlflow_ops.reach import forward, reaching
from mlflow_ops.reach.line import end, plain_line, sealed
from mlflow_ops.reach.through import LOOPBACK, Through
from mlflow_ops.records import Instance
from mlflow_ops.server import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow_ops.reach.line import Line
    from mlflow_ops.stack import Stack

# Every certificate by the stack's CA has this name, whatever its host's address was then; the CA
# signs for no other server.
NAME = "localhost"
SOON = 3.0


@dataclass(frozen=True)
class Page:
    """Where the page is, and by which way it is reached: `direct`, `port` or `tunnel`."""

    uri: str
    way: str


@contextmanager
def served(stack: Stack, port: int, failed: Callable[[Exception], None]) -> Iterator[Page]:
    """Give the page of a stack whose instance is known, for as long as the context lasts.

    The port is another one when that is taken. A connection that cannot be made goes to `failed`.
    """
    silence = _silence(stack)
    if stack.shape.tls == "acme" and not silence:  # any browser takes that certificate
        yield Page(reaching.uri(stack), "direct")
        return
    through = Through.of(stack, _server_port(stack))
    try:
        if silence:
            _check_host(stack, through, silence)
        line = through.line if silence else _direct(stack)
        with forward.listening(_in_tls(stack, line), port, failed) as found:
            yield Page(f"http://{LOOPBACK}:{found}", "tunnel" if silence else "port")
    finally:
        through.close()


def _check_host(stack: Stack, through: Through, silence: OSError) -> None:
    """Connect, so that what goes wrong is an error of the command's own."""
    try:
        through.standing()
    except PrivateKeyLost:
        if stack.shape.access == "tunnel":
            raise
        raise NotReady(
            f"Nothing answers at {reaching.uri(stack)} ({silence}), and this machine has no SSH "
            "key for the stack to reach it by."
        ) from silence


def _silence(stack: Stack) -> OSError | None:
    """Return why the server's port does not answer this machine, if it does not."""
    if stack.shape.access == "tunnel":  # who answers there is somebody else
        return ConnectionRefusedError("no port is open")
    try:
        end(_direct(stack)(deadline=SOON))
    except OSError as error:
        return error
    return None


def _direct(stack: Stack) -> Callable[..., Line]:
    return partial(plain_line, stack.need(Instance).address, stack.target.ports.server)


def _server_port(stack: Stack) -> int:
    # The proxy in front knows the server by its domain name alone.
    return serving.BEHIND_PROXY if stack.shape.tls == "acme" else stack.target.ports.server


def _in_tls(stack: Stack, line: Callable[[], Line]) -> Callable[[], Line]:
    if stack.shape.tls != "own":
        return line
    context = ssl.create_default_context(cafile=reaching.ca(stack))
    return lambda: sealed(line(), context, NAME)
