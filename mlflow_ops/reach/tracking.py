"""The server as its clients see it: through its public URL, never through /health."""

from __future__ import annotations

import base64
import http.client
import ipaddress
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlflow_ops.errors import NotReady, Refused, TooSlow
from mlflow_ops.reach import paging
from trainer import visible

if TYPE_CHECKING:
    from pathlib import Path

API = "/api/2.0/mlflow"
# Bytes of one answer, far more than a page of runs; a server may be another than it should be.
LONGEST = 64_000_000


def near(uri: str) -> str:
    """Return the URI's host where that is this machine or a private address, else nothing.

    No proxy leads there, and one would be shown a login that was meant for a tunnel.
    """
    host = urllib.parse.urlsplit(uri).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host if host == "localhost" else ""
    return host if address.is_loopback or address.is_private else ""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nobody anywhere: the login goes with each request."""

    def redirect_request(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - urllib's signature
        """Leave the redirect as the answer that it is."""


@dataclass(frozen=True)
class Tracking:
    """A tracking server, by its URI; deadlines are seconds for one answer.

    `ca` is the file with the one CA to trust, None for the system's. An `unproven` server may
    show any certificate, and is shown no login.
    """

    uri: str
    username: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    deadline: float = 5.0
    unproven: bool = False

    def ask(self, path: str, question: dict[str, Any]) -> dict[str, Any]:
        """Return the API's answer to a POST; raise NotReady when it gives none."""
        return self.call("POST", path, question)

    def get(self, path: str) -> dict[str, Any]:
        """Return the API's answer to a GET; raise NotReady when it gives none."""
        return self.call("GET", path)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the API's answer: what stands at a path below its root, or at one from `/api/`.

        Raises Refused when it answers with an error, TooSlow when it has not answered before the
        deadline, and NotReady when it is not to be reached.
        """
        whole = path if path.startswith("/api/") else f"{API}{path}"
        request = urllib.request.Request(f"{self.uri}{whole}", method=method)  # noqa: S310 - the URI is one of ours, http or https
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self.username and not self.unproven:
            request.add_unredirected_header("Authorization", self._login())
        return self._send(request)

    def _send(self, request: urllib.request.Request) -> dict[str, Any]:
        try:
            with self._opener().open(request, timeout=self.deadline) as answer:
                found: dict[str, Any] = json.loads(answer.read(LONGEST) or b"{}")
        except urllib.error.HTTPError as error:
            with error:
                said = visible.line(error.read(400).decode("utf-8", "replace").strip())
            raise Refused(self.uri, error.code, said) from error
        except TimeoutError as error:  # urllib wraps one that kept us from asking
            raise TooSlow(
                f"The server at {self.uri} did not answer within {self.deadline:g} s."
            ) from error
        except (OSError, ValueError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", error)
            raise NotReady(f"The server at {self.uri} does not answer ({reason}).") from error
        return found

    def _opener(self) -> urllib.request.OpenerDirector:
        handlers: list[urllib.request.BaseHandler] = [_Stay()]
        if near(self.uri):
            handlers.append(urllib.request.ProxyHandler({}))
        if self.uri.startswith("https:"):
            context = ssl.create_default_context(cafile=self.ca)
            if self.unproven:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            handlers.append(urllib.request.HTTPSHandler(context=context))
        return urllib.request.build_opener(*handlers)

    def _login(self) -> str:
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"

    def look(self) -> None:
        """Raise NotReady unless a client of this machine gets an answer from the API."""
        # MLflow minds no query here; its log shows it, and then it is nobody's use of the server.
        self.ask("/experiments/search?probe", {"max_results": 1})

    def artifact_root(self) -> str:
        """Return where the Default experiment's artifacts go: `mlflow-artifacts:/…` or `s3://…`."""
        return str(self.get("/experiments/get?experiment_id=0")["experiment"]["artifact_location"])

    def count(self) -> tuple[int, int]:
        """Return how many runs and registered models the server holds, deleted ones too."""
        experiments = paging.posted(
            self, "/experiments/search", "experiments", {"view_type": "ALL"}
        )
        ids = [experiment["experiment_id"] for experiment in experiments]
        question = {"experiment_ids": ids, "run_view_type": "ALL"}
        runs = paging.posted(self, "/runs/search", "runs", question) if ids else []
        models = paging.listed(self, "/registered-models/search", "registered_models")
        return len(runs), len(models)
