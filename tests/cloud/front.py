"""The WSGI application in front of moto: each request becomes a call and passes the rules."""

from __future__ import annotations

import os
import socket
import struct
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.test import run_wsgi_app

from . import request
from .wire import Answer, Ask, Call, Rule, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RESET = "/moto-api/reset"
# moto keeps its state in the process, and is asked one thing at a time.
MOTO = threading.RLock()


class Moto(DomainDispatcherApplication):
    """moto, which would list its own folder for each request to find the service's part of it."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._found: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:  # noqa: ANN401 - moto's signature
        """Return the part of moto that plays a host, looked for once."""
        if host not in self._found:
            self._found[host] = super().get_backend_for_host(host)
        return self._found[host]


class Front:
    """Passes each call down the rules, the first being the outermost, and at the end to moto."""

    def __init__(self, rules: Callable[[], Sequence[Rule]], reset: Callable[[], None]) -> None:
        self._rules = rules
        self._reset = reset
        self._moto: WSGIApplication = Moto()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a request; Dropped goes on to the server, which resets the connection."""
        if environ["PATH_INFO"].startswith("/moto-api"):
            if environ["PATH_INFO"] == RESET:
                self._reset()
            return self._ask(environ).give(start)
        call = request.call(environ)
        return chained(self._rules(), call, partial(self._play, call, environ)).give(start)

    def _play(self, call: Call, environ: WSGIEnvironment) -> Answer:
        try:
            return self._ask(environ)
        except NotImplementedError:
            return refusal(call, "NotImplemented", f"moto does not play {call}.", status=501)

    def _ask(self, environ: WSGIEnvironment) -> Answer:
        with MOTO:
            # A rule may ask twice, and each time moto reads the whole body.
            given = environ["wsgi.input"]
            body, status, headers = run_wsgi_app(self._moto, environ, buffered=True)
            if environ["wsgi.input"] is given and given.seekable():
                given.seek(0)
        return Answer(status, list(headers), b"".join(body))


def chained(rules: Sequence[Rule], call: Call, ask: Ask) -> Answer:
    """Return what the rules make of a call."""
    for rule in reversed(rules):
        ask = partial(rule, call, ask)
    return ask()


class Handler(MotoRequestHandler):
    """Serves HTTP without a word, and resets a connection instead of closing it."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: requests in the test's own words are in the test."""

    def connection_dropped(self, error: BaseException, environ: object = None) -> None:
        """Take the socket out of werkzeug's hands, so that its end is a reset and no farewell."""
        self.close_connection = True
        try:
            # A farewell of zero seconds: https://man7.org/linux/man-pages/man7/socket.7.html
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
        except OSError:
            return  # the client went first
