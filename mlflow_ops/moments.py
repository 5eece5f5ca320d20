"""Moments as AWS tells them: in tags that we wrote, and in its reasons for a machine's state."""

from __future__ import annotations

import re
from datetime import datetime, timezone

# "User initiated (2026-11-23 12:03:25 GMT)"; AWS leaves the time out when the host powered off.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
ENDED = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")


def tagged(text: str) -> datetime | None:
    """Return the moment that a tag tells; None for another text, or one without its zone."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def ended(reason: str) -> datetime | None:
    """Return the moment that a state transition's reason tells, if it does."""
    told = ENDED.search(reason)
    found = tagged(f"{told[1]}Z") if told else None
    return found.astimezone(timezone.utc) if found else None
