"""Records of states of the host."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_ops.records.kinds import Record


@dataclass(frozen=True)
class HostKey(Record):
    """The host's SSH key; its id is the key's fingerprint, `SHA256:…`."""


@dataclass(frozen=True)
class Software(Record):
    """The software on the host; its id begins with its lock's SHA-256."""


@dataclass(frozen=True)
class Certificate(Record):
    """The server's certificate; its id is the fingerprint of the CA that clients pin.

    `leaf` is the fingerprint of the certificate itself.
    """

    leaf: str = ""


@dataclass(frozen=True)
class Login(Record):
    """The admin's login to the server; its id is the user's name."""


@dataclass(frozen=True)
class Database(Record):
    """The server's database on the host; its id is its file's name."""


@dataclass(frozen=True)
class Backup(Record):
    """The continuous backup of the database; its id is the stream's name, `20261123T214253Z`.

    `behind` is by how many seconds it is, None where that is not known, and `stale` when that is
    more than it may be. `daily_failed` is whether the last of the daily ones failed.
    """

    behind: float | None = None
    stale: bool = False
    daily_failed: bool = False


@dataclass(frozen=True)
class Caddy(Record):
    """The HTTPS proxy in front of the server; its id is the domain."""


@dataclass(frozen=True)
class Server(Record):
    """The MLflow server; its id is the tracking URI."""


@dataclass(frozen=True)
class Lifetime(Record):
    """When the host stops by itself; its id is its limits, `8h idle 2h`, or `none`.

    `end` is when the time limit ends, as tags tell it, and empty without one; `left` is in how
    many seconds. `idle_stop` seconds without a request stop it, and `quiet` is how many it has
    been; None where there is no such limit.
    """

    end: str = ""
    left: float | None = None
    idle_stop: float | None = None
    quiet: float | None = None
