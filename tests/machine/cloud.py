"""A test cloud: moto over HTTP, with a real machine behind the instance it runs.

A thin layer in front of moto boots the machine when RunInstances succeeds, with the launched key
and user data, and halts, stops, starts and reboots it as the instance is. It gives the machine's
address as the instance's, the machine's console as GetConsoleOutput, keeps ClientToken's promise,
and knows Ubuntu's public parameter, which moto lacks. All else is moto's own answer.

There is one machine: a second instance at the same time gets InsufficientInstanceCapacity. It
listens on the machine's gateway, so that S3 is at one address for the tests and the machine.
moto keeps its state in the process: one test cloud per process, and it starts empty.
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.serving import make_server
from werkzeug.test import Client

from . import wsgi
from .instance import Instance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from .kinds import Machine

REGION = "us-east-1"
UBUNTU = re.compile(
    r"/aws/service/canonical/ubuntu/server/24\.04/stable/current/(amd64|arm64)/hvm/ebs-gp3/ami-id"
)
# Images moto knows, of the right architecture; the machine's disk is what it is.
AMIS = {"amd64": "ami-785db401", "arm64": "ami-0e9271c829888680e"}


@dataclass(frozen=True)
class Cloud:
    """A running test cloud: where it is, and the machine it has to give."""

    endpoint: str
    machine: Machine

    def environment(self) -> dict[str, str]:
        """Return the standard AWS variables that lead here, past any proxy."""
        direct = f"localhost,127.0.0.1,{self.machine.gateway}"
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": direct,
            "no_proxy": direct,
        }


class Front:
    """The WSGI application in front of moto."""

    def __init__(self, machine: Machine) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._instance = Instance(machine)
        Client(self._moto).post("/moto-api/reset")

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer what moto cannot; pass on the rest, of S3 even without looking at it."""
        if environ.get("HTTP_X_AMZ_TARGET") == "AmazonSSM.GetParameter":
            name = json.loads(wsgi.read(environ))["Name"]
            if found := UBUNTU.fullmatch(name):
                return wsgi.parameter(name, AMIS[found[1]]).give(start)
        if call := wsgi.call(environ):
            moto = lambda: wsgi.ask(self._moto, environ)  # noqa: E731
            return self._instance.answer(call, moto).give(start)
        return self._pass_on(environ, start)

    def _pass_on(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._moto(environ, start)
        return answer


class Quiet(MotoRequestHandler):
    """Requests in the test's own words are in the test; here they would be noise."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@contextmanager
def running(machine: Machine) -> Iterator[Cloud]:
    """Serve a test cloud that has this machine to give, on a free port of the gateway."""
    server = make_server(machine.gateway, 0, Front(machine), threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Cloud(f"http://{machine.gateway}:{server.port}", machine)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
