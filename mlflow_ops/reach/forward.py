"""A port of this machine that leads elsewhere: each connection to it gets a line of its own."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow_ops.reach.line import CHUNK, Line, end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOPBACK = "127.0.0.1"


def ignore(_: Exception) -> None:
    """Say nothing of a connection that could not be made: its client sees it closed."""


@contextmanager
def listening(
    connect: Callable[[], Line], port: int = 0, failed: Callable[[Exception], None] = ignore
) -> Iterator[int]:
    """Listen on 127.0.0.1, pump each connection both ways over a line of its own; yield the port.

    It is another port when the given one is 0, or taken. `connect` is called in the connection's
    own thread and must end by itself; what it raises closes that connection alone and goes to
    `failed`. When the context ends, no connection, thread or socket is left.
    """
    forward = _Forward(connect, failed)
    with _listener(port) as listener, forward.accepting(listener):
        found: int = listener.getsockname()[1]
        yield found


def _listener(port: int) -> socket.socket:
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError:
        return socket.create_server((LOOPBACK, 0))


@dataclass
class _Forward:
    """The connections that stand now, and the threads that serve them."""

    connect: Callable[[], Line]
    failed: Callable[[Exception], None]
    lock: threading.Lock = field(default_factory=threading.Lock)
    lines: set[Line] = field(default_factory=set)
    threads: set[threading.Thread] = field(default_factory=set)
    ended: bool = False

    @contextmanager
    def accepting(self, listener: socket.socket) -> Iterator[None]:
        """Serve the listener while the context lasts, and end all that came of it."""
        stop, stopped = socket.socketpair()
        thread = threading.Thread(target=self._accept, args=(listener, stopped), daemon=True)
        with stop, stopped:
            thread.start()
            try:
                yield
            finally:
                stop.shutdown(socket.SHUT_WR)
                thread.join()
                self._end()

    def _accept(self, listener: socket.socket, stopped: socket.socket) -> None:
        listener.settimeout(0)  # a client may be gone again before it is accepted
        with selectors.DefaultSelector() as ready:
            ready.register(listener, selectors.EVENT_READ)
            ready.register(stopped, selectors.EVENT_READ)
            while stopped not in [key.fileobj for key, _ in ready.select()]:
                with contextlib.suppress(OSError):
                    client, _ = listener.accept()
                    client.settimeout(None)
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._start(self._serve, client)

    def _start(self, work: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=self._run, args=(work, *arguments), daemon=True)
        with self.lock:
            self.threads.add(thread)
            thread.start()
        return thread

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        try:
            work(*arguments)
        finally:
            with self.lock:
                self.threads.discard(threading.current_thread())

    def _serve(self, client: socket.socket) -> None:
        with self._kept(client):
            try:
                line = self.connect()
            except Exception as error:  # noqa: BLE001 - whatever it is, it ends this connection alone
                self.failed(error)
                return
            with self._kept(line):
                back = self._start(_pump, line, client)
                _pump(client, line)
                back.join()

    @contextmanager
    def _kept(self, line: Line) -> Iterator[None]:
        with self.lock:
            self.lines.add(line)
            ended = self.ended
        try:
            if ended:
                end(line)
            yield
        finally:
            with self.lock:
                self.lines.discard(line)
            end(line)

    def _end(self) -> None:
        with self.lock:
            self.ended = True
            lines, threads = list(self.lines), list(self.threads)
        for line in lines:
            end(line)
        for thread in threads:
            thread.join()


def _pump(source: Line, sink: Line) -> None:
    """Carry one direction to its end, which is passed on; a broken one breaks the other, too."""
    try:
        while piece := source.recv(CHUNK):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except Exception:  # noqa: BLE001 - a socket's, TLS's or SSH's own: the connection is over
        end(source)
        end(sink)
