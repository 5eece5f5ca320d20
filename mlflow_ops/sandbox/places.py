"""Where a sandbox keeps what it has: everything is below its one private folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Places:
    """The files and folders below a sandbox's folder."""

    folder: Path

    @property
    def home(self) -> Path:
        """The home folder of the host's only user."""
        return self.folder / "host"

    @property
    def record(self) -> Path:
        """How to reach the running sandbox."""
        return self.folder / "sandbox.json"

    @property
    def log(self) -> Path:
        """What the sandbox's process had to say."""
        return self.folder / "sandbox.log"

    @property
    def images(self) -> Path:
        """The machine images that its EC2 knows."""
        return self.folder / "images.json"

    @property
    def host_key(self) -> Path:
        """The SSH host's private key; the public half stands next to it."""
        return self.folder / "ssh_host_ed25519_key"

    @property
    def host_public_key(self) -> Path:
        """The SSH host's public key."""
        return self.host_key.with_suffix(".pub")

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that a sandbox makes outside the host's home."""
        return (self.record, self.log, self.images, self.host_key, self.host_public_key)
