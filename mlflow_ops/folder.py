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
    def ca_key(self) -> Path:
        """The private key of the stack's CA."""
        return self.path / "ca.key"

    @property
    def ca_certificate(self) -> Path:
        """The certificate of the stack's CA, which clients pin."""
        return self.path / "ca.crt"

    @property
    def admin_password(self) -> Path:
        """The password of the server's first user."""
        return self.path / "admin-password"

    @property
    def pending_password(self) -> Path:
        """The password that is about to take the place of the first user's."""
        return self.path / "admin-password.new"

    @property
    def launch_host_key(self) -> Path:
        """The SSH host key that an instance is launched with, until the host has one of its own."""
        return self.path / "launch_host_ed25519_key"

    @property
    def known_hosts(self) -> Path:
        """The SSH keys that hosts are known by, by instance id."""
        return self.path / "known_hosts"

    @property
    def shown_host(self) -> Path:
        """The SSH key that the host has just shown where none is pinned, for `ssh` to know it."""
        return self.path / "known_hosts.shown"

    @property
    def host_log(self) -> Path:
        """All that the commands on the host have printed."""
        return self.path / "host.log"

    @property
    def prices(self) -> Path:
        """What AWS's price list said today."""
        return self.path / "prices.json"

    @property
    def tunnel(self) -> Path:
        """Which process holds a tunnel to the server, and on which port."""
        return self.path / "tunnel"

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
        keys = (self.access_key, self.private_key, self.ca_key, self.ca_certificate)
        known = (self.known_hosts, self.host_log, self.journal.path, self.prices)
        passwords = (self.admin_password, self.pending_password)
        hosts = (self.launch_host_key, self.shown_host)
        for path in (*keys, *passwords, *hosts, *known):
            path.unlink(missing_ok=True)
            files.temporary_of(path).unlink(missing_ok=True)
        files.remove_empty(self.path, home)
