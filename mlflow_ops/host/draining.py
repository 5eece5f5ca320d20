"""Reading all that a command prints, as it comes and until a deadline, and writing it down."""

from __future__ import annotations

import codecs
import contextlib
import io
import time
from typing import TYPE_CHECKING

from mlflow_ops import files, transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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


@contextlib.contextmanager
def noted(
    command: str, path: Path | None, on_line: Callable[[str], None]
) -> Iterator[Callable[[str], None]]:
    """Give what a command's output goes to piece by piece: the log, and each last line besides."""
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(files.append_private(path)) if path else io.StringIO()
        log.write(f"$ {transcript.short(command)}\n")
        write = transcript.logging_to(log.write)

        def note(piece: str) -> None:
            write(piece)
            if line := transcript.last_line(piece):
                on_line(line)

        yield note
