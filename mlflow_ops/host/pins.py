"""The host keys that are pinned on this machine, one a line as OpenSSH's known_hosts has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import files
from mlflow_ops.errors import HostFailed, HostKeyChanged, HostKeyUnknown
from mlflow_ops.names import HOST_KEY_TAG
from mlflow_ops.ssh.host_keys import ED25519, KIND

if TYPE_CHECKING:
    from pathlib import Path


def pinned(known_hosts: Path, name: str) -> str:
    """Return the key that is pinned under this name, base64, or nothing.

    Raises HostFailed for a damaged file: what it has lost may be the pin.
    """
    found = ""
    for number, line in enumerate(files.text(known_hosts).splitlines(), 1):
        host, kind, key, *_ = [*line.split(), "", "", ""]
        if line.strip() and not (kind == KIND and ED25519.fullmatch(key)):
            raise HostFailed(
                f"The file {known_hosts} with the host's pinned SSH key is damaged in line "
                f"{number}: remove it, so that the instance's tag {HOST_KEY_TAG} tells the key "
                "anew, and run the command again."
            )
        found = key if host == name else found
    return found


def pin(known_hosts: Path, name: str, key: str) -> None:
    """Pin a key, beside those of other hosts."""
    held = files.text(known_hosts)
    lines = [line for line in held.splitlines() if line.split()[:1] not in ([], [name])]
    files.write_private(known_hosts, "\n".join([*lines, f"{name} {KIND} {key}", ""]))


def changed(name: str, address: str, known_hosts: Path | None) -> HostKeyChanged:
    """Return the error for a host that shows another key than is pinned, or its tag tells."""
    known = f"the one pinned in {known_hosts}" if known_hosts else f"its tag {HOST_KEY_TAG} tells"
    cure = "remove its line there" if known_hosts else "put the new one into that tag"
    return HostKeyChanged(
        f"The host {name} at {address} shows another SSH key than {known}: somebody may be in "
        f"between, and nothing was told them. If you replaced it yourself, {cure} and run the "
        "command again."
    )


def unknown(known_hosts: Path, name: str) -> HostKeyUnknown:
    """Return the error for a host of which nothing tells the key."""
    return HostKeyUnknown(
        f"Nothing tells which SSH key the host {name} has, neither its tag {HOST_KEY_TAG} nor "
        f"{known_hosts}, and no key is taken unseen. The machine that `mlflow-ops up` ran on has "
        f"it in its own such file, as a line `{name} {KIND} AAAA…`: copy that line here, or put "
        f"its last word into the tag, and run the command again."
    )
