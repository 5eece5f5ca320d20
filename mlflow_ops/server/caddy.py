"""The HTTPS proxy in front of the server: its settings, its unit and its commands, as text.

Only a stack with a domain has one. It gets a certificate by ACME's HTTP-01: the CA asks for a file
on port 80, where Caddy listens for as long as that takes and at no other time.
https://letsencrypt.org/docs/challenge-types/#http-01-challenge
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from mlflow_ops.commands import FOLDER, sha256
from mlflow_ops.server.caddy_unit import PROGRAM, SETTINGS, UNIT, UNIT_FILE
from mlflow_ops.server.serving import BEHIND_PROXY
from mlflow_ops.server.serving import UNIT as SERVER

LOCK = f"/usr/local/lib/{UNIT}/caddy.txt"
# What `up` was told about the authority the last time.
DIRECTORY = 's/.*issuer acme "\\(.*\\)".*/\\1/p'
FACTS = ("systemd", "unit", "settings", "directory", "lock", "active")


@dataclass(frozen=True)
class Proxy:
    """What the proxy is to serve: a domain on a port, with a certificate from this directory.

    An empty directory is Let's Encrypt's.
    """

    domain: str
    port: int
    directory: str = ""

    def settings(self) -> str:
        """Return the Caddyfile."""
        issuer = f'acme "{self.directory}"' if self.directory else "acme"
        return SETTINGS_TEXT.format(proxy=self, issuer=issuer, behind=BEHIND_PROXY)


# strict_sni_host: to a Host that is not the certificate's, Caddy would give an empty 200.
SETTINGS_TEXT = """\
{{
	admin off
	persist_config off
	http_port 80
	https_port {proxy.port}
	auto_https disable_redirects
	servers {{
		protocols h1 h2
		strict_sni_host on
	}}
}}

https://{proxy.domain}:{proxy.port} {{
	tls {{
		issuer {issuer} {{
			disable_tlsalpn_challenge
		}}
	}}
	reverse_proxy 127.0.0.1:{behind}
}}
"""


def facts() -> str:
    """Return the command that prints what the step needs to know, as KEY=VALUE lines."""
    return "\n".join(
        (
            'echo "systemd=$(systemctl is-system-running 2>/dev/null)"',
            f'echo "unit=$({sha256(UNIT_FILE)})"',
            f'echo "settings=$({sha256(SETTINGS)})"',
            f'echo "directory=$(sed -n {shlex.quote(DIRECTORY)} {SETTINGS} 2>/dev/null)"',
            f'echo "lock=$({sha256(LOCK)})"',
            f'echo "active=$(systemctl is-active {UNIT} 2>/dev/null)"',
        )
    )


# The lock gets its place last, so that its presence says that the program is there.
INSTALL = (
    f"cd {FOLDER} && rm -rf caddy && VIRTUAL_ENV=.venv .venv/bin/uv pip install --system-certs "
    "--no-cache --only-binary :all: --require-hashes --target caddy -r caddy.txt && "
    f"sudo install -D -m 755 caddy/bin/caddy {PROGRAM} && "
    f"sudo install -m 644 caddy.txt {LOCK} && rm -rf caddy && sync"
)
# A server that had no domain so far stands on the port, and moves away only after this.
START = (
    f"! systemctl cat {SERVER} >/dev/null 2>&1 || sudo systemctl stop {SERVER}; "
    f"cd {FOLDER} && sudo install -D -m 644 Caddyfile.new {SETTINGS} && "
    f"sudo install -m 644 caddy-unit.new {UNIT_FILE} && rm Caddyfile.new caddy-unit.new && "
    f"sudo systemctl daemon-reload && sudo systemctl enable -q {UNIT} && "
    f"sudo systemctl restart {UNIT}"
)
# A stack that has lost its domain has no proxy any more, and its port is the server's.
STOP = f"! systemctl cat {UNIT} >/dev/null 2>&1 || sudo systemctl disable -q --now {UNIT}"
LOG = f"sudo journalctl -u {UNIT} -n 200 --no-pager -o cat"
DETAIL = re.compile(r'"detail":"((?:[^"\\]|\\.)*)"')


def refusal(log: str) -> str:
    """Return what the CA said last in the proxy's log, or an empty string."""
    found = DETAIL.findall(log)
    return found[-1] if found else ""
