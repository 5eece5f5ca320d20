"""Which SSH keys open the host: those of the launch, those put on it, and those just handed in."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html
HANDED_IN_FOR = 60.0


@dataclass
class Doors:
    """The public keys of one host; `home` is its user's home folder."""

    home: Path
    now: Callable[[], float] = time.monotonic
    _handed_in: dict[str, float] = field(default_factory=dict)

    def hand_in(self, key: str) -> None:
        """Let this key in for a minute, as EC2 Instance Connect does."""
        self._handed_in[key] = self.now() + HANDED_IN_FOR

    def admitted(self) -> set[str]:
        """Return the keys handed in within the last minute, and those in authorized_keys."""
        fresh = {key for key, until in self._handed_in.items() if self.now() < until}
        listed = self.home / ".ssh" / "authorized_keys"
        text = listed.read_text(encoding="utf-8", errors="replace") if listed.exists() else ""
        return fresh | {line for line in text.splitlines() if line.startswith("ssh-")}
