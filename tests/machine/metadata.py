"""The metadata service of an instance, version 2 alone, inside the machine and nowhere else.

The machine has a network of its own, in which 169.254.169.254 is given to it itself. Whoever asks
there gets keys of the stack's role from the test cloud.

    python3 metadata.py ROLE     the keys as JSON on stdin; serves until it is ended
"""

from __future__ import annotations

import json
import secrets
import shlex
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .operator import Operator

ADDRESS = "169.254.169.254"
KEYS = "/latest/meta-data/iam/security-credentials/"
PLACE = "/run/metadata"
# Only root, who is everything there, reads the keys.
START = (
    f"ip address add {ADDRESS}/32 dev lo && "
    f"systemd-run --quiet --unit=metadata --property=StandardInput=file:{PLACE}.json "
    f"python3 {PLACE}.py {{role}}"
)


def serve_in(operator: Operator, role: str) -> None:
    """Let the machine's metadata service give out keys of this role."""
    clients = operator.cloud.strict.client
    arn = clients("iam").get_role(RoleName=role)["Role"]["Arn"]
    taken = clients("sts").assume_role(RoleArn=arn, RoleSessionName="machine")["Credentials"]
    keys = {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": taken["AccessKeyId"],
        "SecretAccessKey": taken["SecretAccessKey"],
        "Token": taken["SessionToken"],
        "Expiration": f"{taken['Expiration']:%Y-%m-%dT%H:%M:%SZ}",
        "LastUpdated": "2026-01-01T00:00:00Z",
    }
    machine, program = operator.machine, Path(__file__).read_text(encoding="utf-8")
    machine.run(f"cat > {PLACE}.py", stdin=program)
    machine.run(f"umask 077 && cat > {PLACE}.json", stdin=json.dumps(keys))
    machine.run(START.format(role=shlex.quote(role)))


def serve(role: str, keys: str) -> None:
    """Serve these keys at the address."""
    token = secrets.token_urlsafe(16)

    class Handler(BaseHTTPRequestHandler):
        """Answers as EC2 does where tokens are required."""

        def _say(self, status: int, text: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def do_PUT(self) -> None:
            """Give a token."""
            found = self.path == "/latest/api/token"
            self._say(200, token) if found else self._say(404)

        def do_GET(self) -> None:
            """Tell of the role to whoever has a token."""
            told = {KEYS: role, KEYS + role: keys}
            if self.headers.get("X-aws-ec2-metadata-token") != token:
                self._say(401)
            else:
                self._say(200, told[self.path]) if self.path in told else self._say(404)

    ThreadingHTTPServer((ADDRESS, 80), Handler).serve_forever()


if __name__ == "__main__":
    serve(sys.argv[1], sys.stdin.read())
