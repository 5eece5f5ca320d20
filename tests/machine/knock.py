"""Asks a server many things over one connection, in a process and perhaps a network of its own.

    python knock.py < asks > statuses

Standard input is one JSON object: the server's `address` and `port`, the file of its `ca` or null
for plain HTTP, the `name` it is asked by, and `asks`, each a method, a path and headers. Standard
output is the status of each, or the error in place of it.
"""

from __future__ import annotations

import http.client
import json
import ssl
import sys
from typing import Any


def connection(told: dict[str, Any]) -> http.client.HTTPConnection:
    """Return a connection to the server, proven by its CA where there is one."""
    where = (told["address"], told["port"])
    if not told["ca"]:
        return http.client.HTTPConnection(*where, timeout=60)
    context = ssl.create_default_context(cafile=told["ca"])
    return http.client.HTTPSConnection(*where, timeout=60, context=context)


def answer(link: http.client.HTTPConnection, ask: dict[str, Any]) -> int | str:
    """Return the status of the answer to one question, or the error."""
    try:
        link.request(ask["method"], ask["path"], headers=ask["headers"])
        answered = link.getresponse()
        answered.read()
    except (OSError, http.client.HTTPException) as error:
        link.close()
        return f"{type(error).__name__}: {error}"
    return answered.status


if __name__ == "__main__":
    whole = json.load(sys.stdin)
    one = connection(whole)
    json.dump([answer(one, ask) for ask in whole["asks"]], sys.stdout)
    one.close()
