"""The front of the API: who may speak to it, what moto lacks, and what the host must hear of."""

from __future__ import annotations

import hmac
import io
import json
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from werkzeug.wrappers import Request, Response

from mlflow_ops.sandbox import cloud, refusal
from mlflow_ops.sandbox.running import ADDRESS, METADATA, PATH, STOP_PATH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from mlflow_ops.sandbox.metadata import Metadata
    from mlflow_ops.sandbox.running import Sandbox

log = logging.getLogger(__name__)
# A name that leads here by somebody else's DNS is how a web page would try to get in.
HOSTS = re.compile(rf"({re.escape(ADDRESS)}|([a-z0-9.-]+\.)?localhost)(:\d+)?")
SIGNED = re.compile(r"(?P<key>\w+)/\d{8}/(?P<region>[\w-]+)/(?P<service>[\w-]+)/aws4_request")
SIGNED_THE_OLD_WAY = re.compile(r"AWS (?P<key>\w+):")
GET_PARAMETER = "AmazonSSM.GetParameter"
GET_PRODUCTS = "AWSPriceListService.GetProducts"
SEND_KEY = "AWSEC2InstanceConnectService.SendSSHPublicKey"


@dataclass(frozen=True)
class Front:
    """The WSGI application that clients speak to; whatever it does not know it leaves to `moto`.

    `changed` is called after each request that may have changed an instance, before its answer
    is given; `hand_in` gets an instance and an SSH key for it, and tells whether it runs; `stop`
    is called when the owner asks for the sandbox's end; `metadata` is what the host asks.
    """

    moto: WSGIApplication
    sandbox: Sandbox
    changed: Callable[[], None]
    hand_in: Callable[[str, str], bool]
    stop: Callable[[], None]
    metadata: Metadata

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ, populate_request=False)
        if answer := self._refusal(request) or self._own_answer(request):
            return answer(environ, start_response)
        is_change = _service(request)[1] == "ec2" and not _action(request).startswith("Describe")
        answered = self.moto(environ, start_response)
        if is_change:
            self._tell()
        return answered

    def _refusal(self, request: Request) -> Response | None:
        if not HOSTS.fullmatch(request.host) or "Origin" in request.headers:
            return refusal.not_from_here()
        if request.path == PATH or request.path.startswith(METADATA):
            return None
        if request.path == STOP_PATH or request.path.startswith("/moto-api"):
            return None if self._is_owner(request) else refusal.not_the_owner()
        key, service = _service(request)
        return None if self._is_known(key) else refusal.unknown_key(service)

    def _is_owner(self, request: Request) -> bool:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(token.encode(), self.sandbox.token.encode())

    def _is_known(self, key: str) -> bool:
        owner = hmac.compare_digest(key.encode(), self.sandbox.access_key_id.encode())
        return owner or (bool(key) and cloud.has_access_key(key))

    def _own_answer(self, request: Request) -> Response | None:
        if request.path == PATH:
            return _json(self.sandbox.proof)
        if request.path == STOP_PATH:
            return self._stop(request)
        if told := self.metadata.answer(request):
            return told
        target = request.headers.get("X-Amz-Target")
        if target == SEND_KEY:
            return self._hand_in(json.loads(_body(request) or b"{}"))
        if target == GET_PRODUCTS:
            return refusal.no_price_list()
        return _ubuntu(request) if target == GET_PARAMETER else None

    def _hand_in(self, asked: dict[str, str]) -> Response:
        if self.hand_in(asked.get("InstanceId", ""), asked.get("SSHPublicKey", "").strip()):
            return _json({"RequestId": "sandbox", "Success": True})
        return refusal.no_such_instance()

    def _stop(self, request: Request) -> Response:
        if request.method != "POST":
            return Response(status=405)
        self.stop()
        return Response(status=202)

    def _tell(self) -> None:
        try:
            self.changed()
        except Exception:  # the API has done its part, and says so whatever becomes of the host
            log.exception("The host did not follow.")


def _service(request: Request) -> tuple[str, str]:
    """Return the access key that a request is signed with and the service it is signed for."""
    header = request.headers.get("Authorization", "")
    if found := SIGNED.search(header) or SIGNED.search(request.args.get("X-Amz-Credential", "")):
        return found["key"], found["service"]
    old = SIGNED_THE_OLD_WAY.match(header)
    return old["key"] if old else request.args.get("AWSAccessKeyId", ""), "s3"


def _action(request: Request) -> str:
    asked = parse_qs(_body(request).decode("utf-8", "replace"))
    return asked.get("Action", [""])[0]


def _body(request: Request) -> bytes:
    """Read the body, and leave it to be read again."""
    body = request.get_data()
    request.environ["wsgi.input"] = io.BytesIO(body)
    return body


def _ubuntu(request: Request) -> Response | None:
    """Answer for Canonical's public parameters, which moto does not have."""
    name = json.loads(_body(request) or b"{}").get("Name", "")
    image = cloud.image_id(name)
    if not image:
        return None
    told = {"Name": name, "Type": "String", "Value": image, "Version": 1}
    return _json({"Parameter": {**told, "DataType": "aws:ec2:image"}})


def _json(told: object) -> Response:
    return Response(json.dumps(told), content_type="application/x-amz-json-1.1")
