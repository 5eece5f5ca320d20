"""What counts as use of the server, among all that its log and the machine's connections tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# uvicorn's: https://github.com/encode/uvicorn/blob/master/uvicorn/logging.py
REQUEST = re.compile(r'(\S+) - "([A-Z]+) (\S+) HTTP/[\d.]+" (\d{3})')
# Strangers, who must not keep a host up by knocking at it.
REFUSED = {"401", "403"}
# What a browser asks without a login before a request from another page.
ASKING = "OPTIONS"
UNKNOWN = {"404", "405"}
API = ("/api/", "/ajax-api/")
# Health checks, our own looks, and what the login app shows to anybody: a page that somebody has
# logged in to asks the API besides.
QUIET = re.compile(r"/|/(health|version|static|favicon|robots).*|.*/server-info|.*\?probe")
# Bytes between two looks when something large is under way, which is logged when it is done.
MUCH = 1 << 20
# Which column of `ss` names it.
PEER = 3
MOVED = re.compile(r"bytes_(?:acked|received):(\d+)")


def peer(line: str) -> str:
    """Return from where the request came that a line of the log tells of; nothing for another."""
    found = REQUEST.search(line)
    return found[1] if found else ""


def is_use(line: str) -> bool:
    """Whether a line of the log is a request of somebody who was let in."""
    found = REQUEST.search(line)
    if not found or found[2] == ASKING or found[4] in REFUSED or QUIET.fullmatch(found[3]):
        return False
    return found[4] not in UNKNOWN or found[3].startswith(API)


def moved(connections: str) -> dict[str, int]:
    """Return how many bytes each peer's connection has moved, by what `ss -OtinH` prints."""
    found: dict[str, int] = {}
    for words in map(str.split, connections.splitlines()):
        if len(words) > PEER:
            found[words[PEER]] = sum(map(int, MOVED.findall(" ".join(words))))
    return found


def is_busy(before: object, now: Mapping[str, int], strangers: Iterable[str]) -> bool:
    """Whether a connection that was there before has moved much since, but for strangers'.

    `before` is what `moved` told, as a file has kept it.
    """
    held = before if isinstance(before, dict) else {}
    known = [each for each in now.keys() - set(strangers) if isinstance(held.get(each), int)]
    return any(now[each] - held[each] >= MUCH for each in known)
