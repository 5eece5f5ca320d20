"""The stack's local files: private from the moment they exist, and gone after `down`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops import files
from mlflow_ops.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Folder:
    """The stack's local files; private, and gone after `down`."""

    path: Path

    @property
    def access_key(self) -> Path:
        """The access key with its secret, as the console's download has it."""
        return self.path / "accessKeys.csv"

    @property
    def private_key(self) -> Path:
        """The SSH private key, which never leaves this machine."""
        return self.path / "id_ed25519"

    @property
    def known_hosts(self) -> Path:
        """The host keys pinned at the first connection, by instance id."""
        return self.path / "known_hosts"

    @property
    def host_log(self) -> Path:
        """All that the commands on the host have printed."""
        return self.path / "host.log"

    @property
    def lock(self) -> Path:
        """Which command is at work on the stack now."""
        return self.path / "lock"

    @property
    def journal(self) -> Journal:
        """What was asked of AWS."""
        return Journal(self.path / "journal.jsonl")

    def forget(self, home: Path) -> None:
        """Remove every file of ours but the lock, which is its holder's to remove.

        The folders up to `home` that are empty then go, too.
        """
        known = (self.access_key, self.private_key, self.known_hosts, self.host_log)
        for path in (*known, self.journal.path):
            path.unlink(missing_ok=True)
            files.temporary_of(path).unlink(missing_ok=True)
        files.remove_empty(self.path, home)
