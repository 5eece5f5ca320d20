"""The tunnel's file: locked while its process lives, it says where the tunnel is and leads."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_ops.names import Names
    from mlflow_ops.target import Ports

# Below those that Linux and macOS give away by themselves.
FIRST_PORT, PORTS = 20_000, 10_000


@dataclass(frozen=True)
class Way:
    """How to get to the server: the instance, its sshd, the server's port, and the host's key."""

    instance: str
    address: str
    ssh_port: int
    server_port: int
    host_key: str

    def leads(self, instance: str, address: str, ports: Ports) -> bool:
        """Whether it leads to this server; the pinned key says the rest."""
        there = (instance, address, ports.ssh, ports.server)
        return (self.instance, self.address, self.ssh_port, self.server_port) == there


@dataclass(frozen=True)
class Note:
    """What the file says: the process, its port on 127.0.0.1, and where that leads."""

    pid: int
    port: int
    way: Way


def usual_port(names: Names, purpose: str = "tunnel") -> int:
    """Return a port that is the same each time, for one stack and purpose."""
    text = f"{purpose} {names.stack} {names.account} {names.region}"
    return FIRST_PORT + zlib.crc32(text.encode()) % PORTS


def standing(path: Path) -> Note | None:
    """Return what the file says while a process holds it, else None."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        return None if is_free(descriptor) else _read(descriptor)
    finally:
        os.close(descriptor)


def is_free(descriptor: int) -> bool:
    """Whether no process holds the file."""
    with contextlib.suppress(BlockingIOError):
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        return True
    return False


def take(path: Path) -> int | None:
    """Return the file, open and held by this process, or None while another one holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    if is_at(path, descriptor):
        return descriptor
    os.close(descriptor)  # it was taken away between the two calls
    return None


def is_at(path: Path, descriptor: int) -> bool:
    """Whether this open file is still the one at the path."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def write(descriptor: int, note: Note) -> None:
    """Say it in the file."""
    content = json.dumps(asdict(note)).encode()
    os.pwrite(descriptor, content, 0)
    os.ftruncate(descriptor, len(content))


def _read(descriptor: int) -> Note | None:
    try:
        found = json.loads(os.pread(descriptor, os.fstat(descriptor).st_size, 0))
        return Note(int(found["pid"]), int(found["port"]), Way(**found["way"]))
    except (ValueError, TypeError, KeyError):  # it is being started
        return None
