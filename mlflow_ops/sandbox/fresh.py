"""What a new host of the sandbox tells of itself: it has the software, and no systemd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import commands, environments, lock

if TYPE_CHECKING:
    from pathlib import Path


def facts(home: Path) -> dict[str, str]:
    """Return its facts by name, and by the commands that tell them where a name tells several."""
    from mlflow_ops.backup import litestream  # noqa: PLC0415 - of all commands, a plan alone asks

    return {
        "home": str(home),
        "environment": f"{commands.ENVIRONMENT}/bin/mlflow",
        "pipenv": "pipenv",
        "virtualenv": "virtualenv",
        "mlflow": environments.shipped().version,
        commands.sha256(commands.LOCK): commands.digest(lock.text(lock.MLFLOW)),
        commands.sha256(litestream.LOCK): commands.digest(lock.text(lock.LITESTREAM)),
    }
