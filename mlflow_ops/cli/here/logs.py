"""`mlflow-ops logs --local`."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

from mlflow_ops import local
from mlflow_ops.cli.logs import LINES, check_ends, safe
from mlflow_ops.errors import NotReady

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.cli.command import Call


def command(call: Call, *, follow: bool, lines: int | None) -> None:
    """Show the end of the server's log, and with `follow` what comes, until Ctrl-C."""
    log = local.place(call.settings).log
    if not log.exists():
        raise NotReady(local.absence(call.settings))
    check_ends(call, follow=follow)
    words = ["tail", "-n", str(LINES if lines is None else lines), str(log)]
    words[1:1] = ["-F"] if follow else []
    with contextlib.suppress(*([KeyboardInterrupt] if follow else [])):
        if call.json:
            said = [line.decode(errors="replace").rstrip("\n") for line in _tail(words)]
            call.screen().result({"lines": said})
            return
        for line in _tail(words):
            sys.stdout.buffer.write(_shown(line) if sys.stdout.isatty() else line)
            sys.stdout.buffer.flush()


def _tail(words: list[str]) -> Iterator[bytes]:
    """Yield the lines of a program's output as they come; it ends with whoever takes them."""
    with subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as run:
        try:
            yield from run.stdout or ()
        finally:
            run.terminate()


def _shown(line: bytes) -> bytes:
    return safe(line.rstrip(b"\n")) + b"\n"
