"""The hash-pinned locks of what the host installs, as they ship with this package."""

from __future__ import annotations

from importlib import resources

MLFLOW, UV = "requirements.txt", "uv.txt"
CADDY, LITESTREAM = "caddy.txt", "litestream.txt"


def text(name: str) -> str:
    """Return one of the lock files."""
    return (resources.files("mlflow_ops.lock") / name).read_text(encoding="utf-8")
