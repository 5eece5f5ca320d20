"""What cloud-init takes from user data at a first boot."""

from __future__ import annotations

import base64
import json

import asyncssh


def host_key(user_data: str) -> str:
    """Return the private SSH host key that user data, base64, gives; else a new one."""
    _, _, wishes = base64.b64decode(user_data).decode().partition("#cloud-config\n")
    if wishes:
        return str(json.loads(wishes)["ssh_keys"]["ed25519_private"])
    return asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
