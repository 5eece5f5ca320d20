"""The private file with an SSH key, made on this machine so that it never travels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mlflow_ops import files

if TYPE_CHECKING:
    from pathlib import Path


def held(path: Path) -> str | None:
    """Return the public half of the key in this file, or None where there is no good one."""
    try:
        key = serialization.load_ssh_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError):
        return None
    return public_half(key) if isinstance(key, Ed25519PrivateKey) else None


def generate(path: Path) -> str:
    """Make a key, save it in a file born 0600, and return its public half."""
    key = generated()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    files.write_private(path, private.decode())
    return public_half(key)


def generated() -> Ed25519PrivateKey:
    """Return a new key, saved nowhere."""
    return Ed25519PrivateKey.generate()


def public_half(key: Ed25519PrivateKey) -> str:
    """Return the public half as OpenSSH writes it, without a comment."""
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return public.decode()
