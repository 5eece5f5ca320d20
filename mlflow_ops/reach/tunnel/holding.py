"""Holding a tunnel: for as long as its file is there and somebody uses it."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from mlflow_ops import host
from mlflow_ops.folder import Folder
from mlflow_ops.reach import forward
from mlflow_ops.reach.through import Through
from mlflow_ops.reach.tunnel import note
from mlflow_ops.wait import CLOCK, Clock, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_ops.host import Host
    from mlflow_ops.reach.line import Line
    from mlflow_ops.reach.tunnel.note import Way

IDLE = 12 * 3600.0
LOOK = 0.5
TAKE_DEADLINE = 15.0  # for the one before to see that its file is gone


def hold(
    path: Path,
    way: Way,
    wished: int,
    say: Callable[[dict[str, object]], None],
    clock: Clock = CLOCK,
) -> None:
    """Hold the tunnel of the stack whose local files are in this folder, until it is to end."""
    folder = Folder(path)
    taken = until(
        "the tunnel before", lambda: note.take(folder.tunnel), deadline=TAKE_DEADLINE, pause=0.05
    )
    through = Through(partial(_connect, folder, way), way.server_port)
    try:
        through.standing()
        use = Use(through.line, clock)
        with forward.listening(use.line, wished) as port:
            note.write(taken, note.Note(os.getpid(), port, way))
            say({"port": port})
            over = partial(_is_over, folder, taken, use)
            until("its end", over, deadline=math.inf, pause=LOOK, longest=LOOK, clock=clock)
    finally:
        through.close()
        if note.is_at(folder.tunnel, taken):
            folder.tunnel.unlink()
        os.close(taken)


def _connect(folder: Folder, way: Way) -> Host:
    # A folder that is gone must not be made again by pinning a key in it.
    login = host.Login(
        way.instance,
        way.address,
        way.ssh_port,
        folder.private_key,
        folder.known_hosts,
        host_keys=(way.host_key,),
    )
    return host.connect(login)


def _is_over(folder: Folder, taken: int, use: Use) -> bool:
    return use.idle() > IDLE or not note.is_at(folder.tunnel, taken)


@dataclass
class Use:
    """When the tunnel was last used, in seconds of the clock."""

    connect: Callable[[], Line]
    clock: Clock
    last: float = field(init=False)

    def __post_init__(self) -> None:
        self.note()

    def note(self) -> None:
        """Say that it is used now."""
        self.last = self.clock.now()

    def idle(self) -> float:
        """Return for how many seconds nobody has used it."""
        return self.clock.now() - self.last

    def line(self) -> Line:
        """Return a line whose every piece counts as use."""
        self.note()
        return Used(self.connect(), self)


@dataclass(eq=False)
class Used:
    """A line that says so when it is used."""

    line: Line
    use: Use

    def recv(self, count: int, /) -> bytes:
        """Wait for bytes, and return them."""
        piece = self.line.recv(count)
        self.use.note()
        return piece

    def sendall(self, data: bytes, /) -> object:
        """Send all of it."""
        self.use.note()
        return self.line.sendall(data)

    def settimeout(self, seconds: float | None, /) -> None:
        """Bound the waiting."""
        self.line.settimeout(seconds)

    def shutdown(self, how: int, /) -> None:
        """End one way, or both."""
        self.line.shutdown(how)

    def close(self) -> None:
        """Let go of it."""
        self.line.close()
