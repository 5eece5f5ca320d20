"""The backup program on the host, from its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import commands, lock
from mlflow_ops.backup import litestream, stream_files

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

DEADLINE = 600.0


def install(stack: Stack, facts: stream_files.Facts) -> None:
    """Install it unless the pinned one is there, by what `stream_files.facts` says."""
    if not stream_files.has_program(facts):
        host = stack.host()
        host.put(f"{commands.FOLDER}/litestream.txt", lock.text(lock.LITESTREAM))
        host.run(litestream.INSTALL, deadline=DEADLINE)
