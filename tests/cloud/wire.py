"""A call to AWS and its answer, as the rules of the strict cloud see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeAlias
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse

OURS = "mlflow-ops/"
XML, JSON = "text/xml", "application/x-amz-json-1.1"
EC2 = "<Response><Errors>{error}</Errors><RequestID>strict</RequestID></Response>"
QUERY = "<ErrorResponse>{error}<RequestId>strict</RequestId></ErrorResponse>"


class Dropped(ConnectionResetError):
    """The connection is reset, and no answer comes."""


@dataclass(frozen=True)
class Call:
    """One call, in botocore's words; `wrong` says what AWS's own model has against it."""

    service: str
    operation: str
    parameters: dict[str, Any]
    region: str = "us-east-1"
    key_id: str = ""
    agent: str = ""
    wrong: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ours(self) -> bool:
        """Whether the product made it, and not a test or a machine."""
        return OURS in self.agent

    def __str__(self) -> str:
        """Name it as policies do."""
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def good(self) -> bool:
        """Whether the call succeeded."""
        return self.status.startswith("2")

    def give(self, start: StartResponse) -> Iterable[bytes]:
        """Send it; an answer without a body (to HEAD) keeps the length it tells."""
        kept = [(k, v) for k, v in self.headers if not self.body or k.lower() != "content-length"]
        start(self.status, [*kept, ("Content-Length", str(len(self.body)))] if self.body else kept)
        return [self.body]

    def saying(self, old: bytes, new: bytes) -> Answer:
        """Return it with other words in its body."""
        return replace(self, body=self.body.replace(old, new))


Ask: TypeAlias = Callable[[], Answer]
Rule: TypeAlias = Callable[[Call, Ask], Answer]


def answer(body: str, kind: str = XML, status: int = 200) -> Answer:
    """Return an answer of this type and HTTP status."""
    words = f"{status} {HTTPStatus(status).phrase}"
    return Answer(words, [("Content-Type", kind)], body.encode())


def refusal(call: Call, code: str, message: str, status: int = 400) -> Answer:
    """Return an error as the call's service words it."""
    if call.service in {"ec2", "s3", "iam", "sts"}:
        said = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
        return answer(_framed(call, said), XML, status)
    return answer(json.dumps({"__type": code, "message": message}), JSON, status)


def _framed(call: Call, said: str) -> str:
    if call.service == "ec2":
        return EC2.format(error=f"<Error>{said}</Error>")
    if call.service != "s3":
        return QUERY.format(error=f"<Error><Type>Sender</Type>{said}</Error>")
    # The answer to HEAD has no body: only its status says no.
    headless = call.operation.startswith("Head")
    return "" if headless else f"<Error>{said}<RequestId>strict</RequestId></Error>"
