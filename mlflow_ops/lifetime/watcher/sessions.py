"""Who is at work on the machine over SSH, by what runs there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROCESSES = Path("/proc")
# Nobody is at work by them alone; the last two begin another one.
SHELLS = {b"sh", b"bash", b"dash", b"zsh", b"fish", b"sudo", b"su"}
# What `mlflow-ops logs --follow` runs, which may stay open for days: to look on is no use.
LOOKING_ON = ({b"journalctl", b"-f", b"mlflow-server"}, {b"tail", b"-F", b"mlflow/server.log"})


def ancestors() -> Iterator[str]:
    """Yield the ids of the processes that this one was started by, one by another."""
    process = str(os.getpid())
    while process != "0":
        status = (PROCESSES / process / "status").read_text(encoding="utf-8", errors="replace")
        process = dict(line.partition(":\t")[::2] for line in status.splitlines())["PPid"]
        yield process


def is_at_work(session: Path, *, typed: bool = False) -> bool:
    """Whether something runs in an SSH session, which a mere tunnel has not, but a look at the log.

    A shell alone that is `typed` into, in a terminal, is none. Raises OSError when it has ended.
    """
    return not all(_is_idle(child, typed=typed) for child in _children(session))


def _is_idle(process: Path, *, typed: bool) -> bool:
    """Whether it shows the server's log for ever, or is the shell that waits for what does."""
    try:
        words, begun = (process / "cmdline").read_bytes().split(b"\0"), _children(process)
    except OSError:  # it has ended, which that does not
        return False
    name = words[0].rpartition(b"/")[2].removeprefix(b"-")  # of a login's shell
    if name in SHELLS:
        return (typed or bool(begun)) and all(_is_idle(each, typed=typed) for each in begun)
    return any(signs <= {name, *words[1:]} for signs in LOOKING_ON)


def _children(process: Path) -> list[Path]:
    found = (each.read_text().split() for each in process.glob("task/*/children"))
    return [process.parent / child for children in found for child in children]
