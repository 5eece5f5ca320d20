"""Where things lie in a stack's bucket.

Clients that the server lets in reach what is below `ARTIFACTS` through it, and nothing else: the
backups hold what nobody may read or change by that way.
"""

from __future__ import annotations

from datetime import datetime, timezone

ARTIFACTS = "artifacts"
BACKUPS = "backups"
# A stream is one database's life, from its first start or its restore on: `STREAM/<begin>/<file>`.
STREAM = f"{BACKUPS}/stream"
# A named backup is a folder: both databases, compressed, and last its manifest.
NAMED = f"{BACKUPS}/named"
MANIFEST = "manifest.json"
MLFLOW_DB, USERS_DB = "mlflow.db", "basic_auth.db"
DATABASES = (MLFLOW_DB, USERS_DB)
STAMP = "%Y%m%dT%H%M%SZ"


def stamp(moment: datetime) -> str:
    """Return a moment as names of streams and backups have it, `20261123T214253Z`."""
    return moment.astimezone(timezone.utc).strftime(STAMP)


def moment(stamp: str) -> datetime:
    """Return the moment that a stamp tells; raise ValueError for another text."""
    return datetime.strptime(stamp, STAMP).replace(tzinfo=timezone.utc)
