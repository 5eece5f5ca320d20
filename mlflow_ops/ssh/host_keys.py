"""Which SSH keys a host may show: what the instance's tag says of them, and what is known here."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

from mlflow_ops.ssh import ssh_key

if TYPE_CHECKING:
    from mlflow_ops.folder import Folder
    from mlflow_ops.records import Instance

KIND = "ssh-ed25519"
# An Ed25519 key as OpenSSH writes it: https://datatracker.ietf.org/doc/html/rfc8709#section-4
ED25519 = re.compile(r"AAAAC3NzaC1lZDI1NTE5AAAAI[A-Za-z0-9+/]{43}")
# The word in the tag while the key that the host was launched with may still be shown.
LAUNCH = "launch"


def tag(*keys: str, launched: bool) -> str:
    """Return the tag's value for these keys, base64 each; `launched` says that one is the launch's.

    Three words are the longest, 144 characters of the 256 that AWS takes.
    """
    return " ".join((LAUNCH, *keys) if launched else keys)


def told(value: str) -> tuple[tuple[str, ...], bool]:
    """Return the keys that a tag lists, and whether the first is the launch's; else is dropped."""
    first, *_ = words = value.split() or [""]
    keys = tuple(word for word in words if ED25519.fullmatch(word))
    return keys, first == LAUNCH and bool(keys)


def acceptable(instance: Instance, folder: Folder) -> tuple[str, ...]:
    """Return the keys that the host may show where none is pinned.

    Until the tags of a new instance show, that is the key we have just launched it with.
    """
    ours = ssh_key.held(folder.launch_host_key)
    return instance.host_keys or ((ours.split()[1],) if ours else ())


def fingerprint(key: str) -> str:
    """Return the fingerprint of a key, as `ssh-keygen -l` shows it."""
    digest = hashlib.sha256(base64.b64decode(key)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"
