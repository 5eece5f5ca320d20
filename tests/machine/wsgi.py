"""A request to AWS and its answer, as the layer in front of moto sees them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Call:
    """One call of AWS's query protocol (EC2, IAM): its action and parameters."""

    form: dict[str, str]
    region: str

    @property
    def action(self) -> str:
        """The name of the call."""
        return self.form.get("Action", "")

    def instances(self) -> set[str]:
        """Return the instances it names."""
        return {value for name, value in self.form.items() if name.startswith("InstanceId")}


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: str
    content_type: str
    body: bytes

    @property
    def good(self) -> bool:
        """Whether the call succeeded."""
        return self.status.startswith("2")

    def give(self, start: StartResponse) -> Iterable[bytes]:
        """Send it."""
        length = str(len(self.body))
        start(self.status, [("Content-Type", self.content_type), ("Content-Length", length)])
        return [self.body]


def call(environ: WSGIEnvironment) -> Call | None:
    """Return the query call a request makes, leaving its body to be read again; None for others."""
    if not environ.get("CONTENT_TYPE", "").startswith(FORM):
        return None
    form = dict(parse_qsl(read(environ).decode(), keep_blank_values=True))
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
    return Call(form, scope[2] if len(scope) > 2 else "us-east-1")


def read(environ: WSGIEnvironment) -> bytes:
    """Return a request's body, leaving it to be read again."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)
    return body


def ask(application: WSGIApplication, environ: WSGIEnvironment) -> Answer:
    """Return an application's answer to a request."""
    body, status, headers = run_wsgi_app(application, environ, buffered=True)
    return Answer(status, headers.get("Content-Type", ""), b"".join(body))


def refusal(code: str, message: str) -> Answer:
    """Return EC2's way of saying no for a reason of its own."""
    error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    body = f"<Response><Errors>{error}</Errors><RequestID>test</RequestID></Response>"
    return Answer("500 Internal Server Error", "text/xml", body.encode())


def parameter(name: str, value: str) -> Answer:
    """Return what SSM says about a public parameter."""
    found = {"Name": name, "Type": "String", "Value": value, "Version": 1, "DataType": "text"}
    body = json.dumps({"Parameter": found})
    return Answer("200 OK", "application/x-amz-json-1.1", body.encode())
