"""The API's lists, page by page."""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow_ops.reach.tracking import Tracking

PAGE = 1000

Thing = dict[str, Any]


def posted(
    server: Tracking, path: str, key: str, question: Thing, most: int | None = None
) -> list[Thing]:
    """Return what answers to a POST hold under this key: all of it, or the first `most`."""
    found: list[Thing] = []
    token = ""
    while most is None or len(found) < most:
        page: Thing = {"max_results": PAGE if most is None else min(PAGE, most - len(found))}
        page |= {"page_token": token} if token else {}
        answer = server.ask(path, {**question, **page})
        found += answer.get(key, [])
        token = answer.get("next_page_token", "")
        if not token:
            break
    return found


def listed(server: Tracking, path: str, key: str) -> list[Thing]:
    """Return all that answers to a GET hold under this key."""
    found: list[Thing] = []
    page = {"max_results": str(PAGE)}
    while True:
        answer = server.get(f"{path}?{urllib.parse.urlencode(page)}")
        found += answer.get(key, [])
        page["page_token"] = answer.get("next_page_token", "")
        if not page["page_token"]:
            return found
