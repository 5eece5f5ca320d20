"""How a server on this machine runs: its command and its environment, as data."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ADDRESS = "127.0.0.1"
# Of the user's own, these would make it another server than the one that is said here.
FOREIGN = ("MLFLOW_", "_MLFLOW_", "AWS_", "UVICORN_", "WEB_CONCURRENCY", "FORWARDED_ALLOW_IPS")


def words(port: int) -> list[str]:
    """Return the server's argument list, for its own folder; only this machine reaches it."""
    return [
        *(sys.executable, "-m", "mlflow", "server"),
        *("--backend-store-uri", "sqlite:///mlflow.db"),
        *("--artifacts-destination", "artifacts"),
        *("--host", ADDRESS, "--port", str(port)),
        *("--workers", "1"),  # four take 2 GiB: one is enough for one user
        *("--uvicorn-opts", "--fd 0"),  # where it is given its socket
    ]


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that it runs with, made from the user's own."""
    kept = {name: value for name, value in own.items() if not name.startswith(FOREIGN)}
    return kept | {
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
