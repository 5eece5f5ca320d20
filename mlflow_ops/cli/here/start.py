"""`mlflow-ops start --local`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import local
from mlflow_ops.cli.here import up
from mlflow_ops.errors import NotReady

if TYPE_CHECKING:
    from mlflow_ops.cli.command import Call


def command(call: Call) -> int:
    """Start a stopped server again, with all its runs; raise NotReady where there is none."""
    if not local.place(call.settings).exists():
        raise NotReady(local.absence(call.settings))
    return up.command(call)
