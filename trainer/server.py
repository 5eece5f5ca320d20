"""A look at the MLflow server first: MLflow's own client tries a closed port for 247 s."""

from __future__ import annotations

import os

import requests

from trainer import web
from trainer.errors import ServerUnreachable

_BROKEN = 500


def look(tracking_uri: str, seconds: float = 10.0) -> None:
    """Raise ServerUnreachable unless something answers there; stores without a server pass."""
    if not web.is_web(tracking_uri):
        return
    try:
        status = web.within(seconds, lambda: _status(tracking_uri, seconds))
    except (OSError, ValueError) as error:
        why = web.cause(error) if isinstance(error, OSError) else str(error)
        raise _unreachable(tracking_uri, why) from error
    if status >= _BROKEN:
        raise _unreachable(tracking_uri, f"it answers with HTTP status {status}")


def _status(tracking_uri: str, seconds: float) -> int:
    """Ask for /health, which needs no login; any answer but a broken server's will do."""
    url = f"{tracking_uri.rstrip('/')}/health"
    return requests.get(url, timeout=seconds, verify=_verify()).status_code


def _verify() -> bool | str:
    """Trust the certificates that MLflow's own client is told to trust."""
    if os.environ.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in {"true", "1"}:
        return False
    return os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or True


def _unreachable(tracking_uri: str, why: str) -> ServerUnreachable:
    return ServerUnreachable(
        f"No MLflow server can be reached at {web.shown(tracking_uri)}: {why}. Check the address, "
        "that the server is up, and that its firewall lets this machine in."
    )
