"""Lines through the host's SSH server, which is connected to anew when the connection breaks."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow_ops.errors import HostUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.host import Host
    from mlflow_ops.reach.line import Line
    from mlflow_ops.stack import Stack

# The server's address as its own host knows it.
LOOPBACK = "127.0.0.1"


@dataclass
class Through:
    """The way to one port of the host itself; lines may be asked for from several threads.

    `drop` lets go of a connection; by default it closes it.
    """

    connect: Callable[[], Host]
    port: int
    drop: Callable[[Host], None] = lambda host: host.close()
    _host: Host | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, stack: Stack, port: int) -> Through:
        """Return the way through the host of a stack whose instance is known, by its connection."""
        return cls(stack.host, port, lambda _: stack.hang_up())

    def line(self) -> Line:
        """Return a new line.

        Raises HostUnreachable when the host cannot be connected to, NotReady when nothing listens
        on its port.
        """
        host = self.standing()
        try:
            return host.line(LOOPBACK, self.port)
        except HostUnreachable:
            return self.standing(broken=host).line(LOOPBACK, self.port)

    def standing(self, broken: Host | None = None) -> Host:
        """Return the connection, made anew where there is none or it is the broken one."""
        with self._lock:
            if self._host is None or self._host is broken:
                self._close()
                self._host = self.connect()
            return self._host

    def close(self) -> None:
        """End the connection, and with it every line."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._host:
            self.drop(self._host)
        self._host = None
