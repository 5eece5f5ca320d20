"""The hash-pinned locks of what the host installs, as they ship with this package."""

from __future__ import annotations

from importlib import resources

MLFLOW, UV, CADDY = "requirements.txt", "uv.txt", "caddy.txt"


def text(name: str) -> str:
    """Return one of the lock files."""
    return (resources.files("mlflow_ops.lock") / name).read_text(encoding="utf-8")
