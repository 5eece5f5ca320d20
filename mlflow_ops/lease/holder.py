"""Who holds a stack, as the tags of its lock say it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mlflow_ops import moments

TOKEN, HOLDER, UNTIL = "mlflow-ops:lock", "mlflow-ops:holder", "mlflow-ops:until"
LEASE = timedelta(minutes=3)


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: AWS's times, in UTC; `token` tells one command from another."""

    id: str
    who: str
    token: str
    since: datetime
    until: datetime

    @classmethod
    def of(cls, described: Any) -> Holder:  # noqa: ANN401 - AWS's own description
        """Return the holder that a key pair's tags name."""
        tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
        since = described["CreateTime"]
        until = moments.tagged(tags.get(UNTIL, "")) or since + LEASE
        who = tags.get(HOLDER, "somebody")
        return cls(described["KeyPairId"], who, tags.get(TOKEN, ""), since, until)


def text(moment: datetime) -> str:
    """Return a time as it stands in a tag."""
    return moment.isoformat(timespec="seconds")
