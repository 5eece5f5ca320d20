"""Reading all that a command prints, as it comes and until a deadline."""

from __future__ import annotations

import codecs
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import paramiko

CHUNK = 32_768


def drained(channel: paramiko.Channel, end: float) -> Iterator[str]:
    """Yield the output as it comes until there is no more; raise TimeoutError at `end`."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    while True:
        left = end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        channel.settimeout(left)
        piece = channel.recv(CHUNK)
        if not piece:
            return
        yield decode(piece)
