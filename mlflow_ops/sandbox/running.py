"""A running sandbox, as the file in its folder describes it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from mlflow_ops import files
from mlflow_ops.sandbox.places import Places

ADDRESS = "127.0.0.1"
PATH = "/mlflow-ops/sandbox"
STOP_PATH = f"{PATH}/stop"
METADATA = f"{PATH}/metadata/"


@dataclass(frozen=True)
class Sandbox:
    """How to reach a running sandbox; the token is secret, and so is what is made from it."""

    folder: Path
    pid: int
    endpoint: str
    ssh_port: int
    server_port: int
    token: str = field(repr=False)

    @property
    def proof(self) -> dict[str, object]:
        """What the sandbox answers to anyone: who it is, and that it knows the token."""
        return {"pid": self.pid, "fingerprint": _digest("fingerprint", self.token)}

    @property
    def access_key_id(self) -> str:
        """The one access key that its API takes from the start."""
        return f"AKIA{_digest('access key id', self.token)[:28].upper()}"

    @property
    def metadata(self) -> str:
        """Where the host asks for the keys of its role; secret, since it takes no other proof."""
        return f"{self.endpoint}{METADATA}{self.metadata_secret}"

    @property
    def metadata_secret(self) -> str:
        """The part of that which only the host knows."""
        return _digest("metadata", self.token)

    @property
    def secret_access_key(self) -> str:
        """The secret that belongs to the access key."""
        return _digest("secret access key", self.token)[:40]


def write(sandbox: Sandbox) -> None:
    """Put the description into the sandbox's folder, in one move and for the user's eyes only."""
    known = {**sandbox.__dict__, "folder": str(sandbox.folder)}
    files.write_private(Places(sandbox.folder).record, json.dumps(known, indent=1) + "\n")


def read(folder: Path) -> Sandbox | None:
    """Return what the folder says of its sandbox, running or not, or None if it says nothing."""
    try:
        known = json.loads(Places(folder).record.read_text(encoding="utf-8"))
        return Sandbox(**{**known, "folder": Path(known["folder"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _digest(purpose: str, token: str) -> str:
    return hashlib.sha256(f"{purpose}:{token}".encode()).hexdigest()
