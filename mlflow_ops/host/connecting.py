"""Getting into the host: with our key, and only while it shows the key it was pinned by."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import paramiko

from mlflow_ops import files
from mlflow_ops.errors import (
    HostFailed,
    HostKeyChanged,
    HostUnreachable,
    KeyRefused,
    PrivateKeyLost,
)
from mlflow_ops.host.session import Host

if TYPE_CHECKING:
    from pathlib import Path

USER = "ubuntu"
CONNECT_DEADLINE = 10.0


@dataclass(frozen=True)
class Login:
    """How to get into a host: `name` is what its key is pinned under, its instance id."""

    name: str
    address: str
    port: int
    key_file: Path
    known_hosts: Path


def connect(login: Login, log: Path | None = None) -> Host:
    """Open a connection to the host, pinning its key the first time.

    Raises HostUnreachable while it does not answer, KeyRefused when it does not let us in,
    PrivateKeyLost when we have no good key, and HostKeyChanged when it answers with another key
    than the pinned one.
    """
    key, client = _private_key(login.key_file), _client(login.known_hosts)
    try:
        line = socket.create_connection((login.address, login.port), timeout=CONNECT_DEADLINE)
        # Else each command waits 40 ms for the host's delayed acknowledgement of the last one.
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _authenticate(client, login.name, key, line)
    except paramiko.BadHostKeyException as error:
        client.close()
        raise HostKeyChanged(
            f"The host {login.name} at {login.address} shows another SSH key than the one pinned "
            f"in {login.known_hosts}: somebody may be in between. If you replaced it yourself, "
            "remove its line there and run the command again."
        ) from error
    except (OSError, EOFError, paramiko.SSHException) as error:
        client.close()
        if isinstance(error, OSError) and error.errno in files.FULL:  # ours: nothing to wait for
            raise
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


def _client(known_hosts: Path) -> paramiko.SSHClient:
    client = paramiko.SSHClient()
    files.private_folder(known_hosts.parent)
    known_hosts.touch(mode=0o600)
    try:
        client.load_host_keys(str(known_hosts))
    except (ValueError, paramiko.SSHException) as error:
        raise HostFailed(
            f"The file {known_hosts} with the host's pinned SSH key is damaged ({error}): remove "
            "it to pin the key anew at the next connection, and run the command again."
        ) from error
    client.set_missing_host_key_policy(_PinFirst())
    return client


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
    )
    transport = client.get_transport()
    if transport:
        transport.set_keepalive(15)


class _PinFirst(paramiko.MissingHostKeyPolicy):
    """Pins the key of a host never seen before; a pinned one is never replaced."""

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        keys = client.get_host_keys()
        keys.add(hostname, key.get_name(), key)
        client.save_host_keys(str(client._host_keys_filename))  # type: ignore[attr-defined]  # noqa: SLF001 - where load_host_keys read them
