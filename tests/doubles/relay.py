"""A door before a server, which passes requests on unless a test takes them itself."""

from __future__ import annotations

import http.client
from contextlib import closing
from http.server import BaseHTTPRequestHandler
from typing import Any


class Relay(BaseHTTPRequestHandler):
    """Passes on to `host`, a name with a port, what `taken` leaves."""

    host = ""

    def taken(self, body: bytes) -> bool:
        """Whether the request is answered already, or never will be."""
        del body
        return False

    def forward(self) -> None:
        """Pass a request on, and its answer back."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.taken(body):
            return
        with closing(http.client.HTTPConnection(self.host, timeout=60)) as behind:
            behind.request(self.command, self.path, body, dict(self.headers))
            answer = behind.getresponse()
            content = answer.read()
        self.say(answer.status, content, answer.headers.get("Content-Type", "text/plain"))

    def say(self, status: int, content: bytes, kind: str = "application/json") -> None:
        """Answer."""
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = forward  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's
        """Print nothing."""
        del format, args
