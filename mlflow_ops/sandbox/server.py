"""The API's HTTP server: one thread per request, and no line in the log for any of them."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from mlflow_ops.sandbox.running import ADDRESS

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from _typeshed.wsgi import WSGIApplication


class SilentHandler(MotoRequestHandler):
    """Keeps requests out of the log: an address signed for S3 is a secret."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextlib.contextmanager
def serve(door: socket.socket, application: WSGIApplication) -> Iterator[None]:
    """Answer what comes in through a listening socket, until the block ends."""
    port = door.getsockname()[1]
    handler = SilentHandler
    server = make_server(
        ADDRESS, port, application, threaded=True, request_handler=handler, fd=door.fileno()
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
