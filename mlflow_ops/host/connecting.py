"""Getting into the host: with our key, and only while it shows a key that we know it by."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import paramiko

from mlflow_ops import files
from mlflow_ops.errors import HostKeyChanged, HostUnreachable, KeyRefused, PrivateKeyLost
from mlflow_ops.host import pins
from mlflow_ops.host.session import Host
from mlflow_ops.ssh.host_keys import KIND

if TYPE_CHECKING:
    from pathlib import Path

USER = "ubuntu"
CONNECT_DEADLINE = 10.0
# What paramiko calls a host that has no key of the one kind we take.
NO_SUCH_KEY = "no acceptable host key"


@dataclass(frozen=True)
class Login:
    """How to get into a host: `name` is what its key is pinned under, its instance id.

    Where none is pinned it may show any of `host_keys`, base64; with `lasting` that one is pinned.
    """

    name: str
    address: str
    port: int
    key_file: Path
    known_hosts: Path
    host_keys: tuple[str, ...] = ()
    lasting: bool = False


def connect(login: Login, log: Path | None = None) -> Host:
    """Open a connection to the host, which must show a key that is known beforehand.

    Raises HostUnreachable while it does not answer, KeyRefused when it does not let us in,
    PrivateKeyLost when we have no good key, HostKeyUnknown when nothing tells the host's, and
    HostKeyChanged when it shows another.
    """
    key, client = _private_key(login.key_file), paramiko.SSHClient()
    known = _Known(login)
    client.set_missing_host_key_policy(known)
    try:
        line = socket.create_connection((login.address, login.port), timeout=CONNECT_DEADLINE)
        # Else each command waits 40 ms for the host's delayed acknowledgement of the last one.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _authenticate(client, login.name, key, line)
    except HostKeyChanged:
        client.close()
        raise
    except (OSError, EOFError, paramiko.SSHException) as error:
        client.close()
        if isinstance(error, OSError) and error.errno in files.FULL:  # ours: nothing to wait for
            raise
        if NO_SUCH_KEY in str(error):
            raise known.another() from error
        refused = isinstance(error, paramiko.AuthenticationException)
        raise (KeyRefused if refused else HostUnreachable)(
            f"The host {login.name} does not let us in over SSH at {login.address}:{login.port} "
            f"({error or type(error).__name__})."
        ) from error
    return Host(client, log)


def _private_key(path: Path) -> paramiko.PKey:
    try:
        return paramiko.Ed25519Key.from_private_key_file(str(path))
    except (OSError, ValueError, paramiko.SSHException) as error:
        raise PrivateKeyLost(
            f"There is no good SSH key for the host in {path}: `mlflow-ops up` gives the host a "
            "new one, or run the command where the key is."
        ) from error


def _authenticate(
    client: paramiko.SSHClient, name: str, key: paramiko.PKey, line: socket.socket
) -> None:
    client.connect(
        name,
        username=USER,
        pkey=key,
        sock=line,
        allow_agent=False,
        look_for_keys=False,
        timeout=CONNECT_DEADLINE,
        banner_timeout=CONNECT_DEADLINE,
        auth_timeout=CONNECT_DEADLINE,
        transport_factory=_narrow,
    )
    transport = client.get_transport()
    if transport:
        transport.set_keepalive(15)


def _narrow(line: Any, /, **options: Any) -> paramiko.Transport:  # noqa: ANN401 - paramiko's own
    """Return a transport that takes host keys of one kind and no others."""
    transport = paramiko.Transport(line, **options)
    transport.get_security_options().key_types = (KIND,)
    return transport


class _Known(paramiko.MissingHostKeyPolicy):
    """Takes the pinned key of a host, or one of those it was said to have, and no other.

    It is asked about each host, since the client itself is given no keys to know.
    """

    def __init__(self, login: Login) -> None:
        self._login = login
        self._pinned = pins.pinned(login.known_hosts, login.name)
        self._keys = {self._pinned} if self._pinned else set(login.host_keys)
        if not self._keys:
            raise pins.unknown(login.known_hosts, login.name)

    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002 - paramiko's signature
        hostname: str,
        key: paramiko.PKey,
    ) -> None:
        """Judge the key that the host has just proven to have."""
        if key.get_base64() not in self._keys:
            raise self.another()
        if self._login.lasting and not self._pinned:
            pins.pin(self._login.known_hosts, hostname, key.get_base64())

    def another(self) -> HostKeyChanged:
        """Return the error for a host that shows another key."""
        known = self._login.known_hosts if self._pinned else None
        return pins.changed(self._login.name, self._login.address, known)
