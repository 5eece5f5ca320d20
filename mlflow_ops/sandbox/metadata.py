"""The instance metadata service, version 2 alone, for whoever knows its secret path.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
"""

from __future__ import annotations

import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from mlflow_ops.sandbox import roles
from mlflow_ops.sandbox.running import METADATA

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request

    from mlflow_ops.sandbox.roles import Role

TOKEN = "latest/api/token"  # noqa: S105 - a path
KEYS = "latest/meta-data/iam/security-credentials/"
# As ECS gives a container's keys, without a token: the secret path is proof enough.
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
CONTAINER = "container-credentials"
# No part of AWS's: the host's power switch, for who has the secret, as root has a real one.
POWER_OFF = "power-off"
LIFETIME_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN_HEADER = "X-aws-ec2-metadata-token"  # noqa: S105 - a header's name
LONGEST = 21_600


@dataclass
class Metadata:
    """Answers what the host asks about itself; `secret` is the first part of each path.

    A real one can only be reached from its instance; here every user of this machine could ask,
    and would get keys that the API takes. `power_off` is called when the host switches itself off.
    """

    secret: str = field(repr=False)
    role: Callable[[], Role | None] = roles.of_the_host
    now: Callable[[], float] = time.monotonic
    power_off: Callable[[], None] = lambda: None
    _tokens: dict[str, float] = field(default_factory=dict, repr=False)
    _keys: dict[Role, tuple[float, dict[str, str]]] = field(default_factory=dict, repr=False)

    def answer(self, request: Request) -> Response | None:
        """Answer a request; None for one that is not for this service."""
        if not request.path.startswith(METADATA):
            return None
        secret, _, path = request.path.removeprefix(METADATA).partition("/")
        # A request that came through a proxy of the host's is somebody else's, as on AWS.
        if not hmac.compare_digest(secret, self.secret) or "X-Forwarded-For" in request.headers:
            return Response(status=403)
        if path == TOKEN:
            return self._token(request)
        if request.method != "GET":
            return self._switched(request, path)
        # Some SDKs lose the first part of the address, and ask in the way of containers.
        if path != CONTAINER and not self._is_known(request.headers.get(TOKEN_HEADER, "")):
            return Response(status=401)
        return self._told(path)

    def _token(self, request: Request) -> Response:
        if request.method != "PUT":
            return Response(status=405)
        asked = request.headers.get(LIFETIME_HEADER, "")
        if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:6]) <= LONGEST):
            return Response(status=400)
        now = self.now()
        self._tokens = {token: end for token, end in self._tokens.items() if end > now}
        token = secrets.token_urlsafe(32)
        self._tokens[token] = now + int(asked)
        return Response(token, content_type="text/plain")

    def _switched(self, request: Request, path: str) -> Response:
        if (request.method, path) != ("POST", POWER_OFF):
            return Response(status=405)
        self.power_off()
        return Response(status=202)

    def _is_known(self, token: str) -> bool:
        return self._tokens.get(token, 0) > self.now()

    def _told(self, path: str) -> Response:
        role = self.role()
        if role and path in {KEYS, KEYS.rstrip("/")}:
            return Response(role.name, content_type="text/plain")
        if role and path in {KEYS + role.name, CONTAINER}:
            return Response(json.dumps(self._keys_for(role)), content_type="application/json")
        return Response(status=404)

    def _keys_for(self, role: Role) -> dict[str, str]:
        """Return keys that last for hours yet: the same ones again while they do."""
        made, keys = self._keys.get(role, (float("-inf"), {}))
        if self.now() - made > roles.LIFETIME / 2:
            made, keys = self.now(), roles.keys(role)
            self._keys[role] = made, keys
        return keys
