"""How the server runs on the host: its command, its files and its environment, as text."""

from __future__ import annotations

from dataclasses import dataclass

from mlflow_ops.backup import layout
from mlflow_ops.commands import FOLDER
from mlflow_ops.server import locations

UNIT = "mlflow-server"
UNIT_FILE = f"/etc/systemd/system/{UNIT}.service"
SUPERVISOR = f"{FOLDER}/serve"
# All that the server may write; what it runs and what it is told lies outside.
DATA = f"{FOLDER}/data"
USERS = f"{DATA}/basic_auth.db"
PID_FILE = f"{FOLDER}/server.pid"
LOG_FILE = f"{FOLDER}/server.log"
# The key and the certificate in one file, so that one move replaces both.
PEM = f"{FOLDER}/tls.pem"
AUTH_INI = f"{FOLDER}/auth.ini"
SESSION_KEY = f"{FOLDER}/session-key"
ADMIN = "admin"
# Where the server listens for the proxy in front of it.
BEHIND_PROXY = 5001
LOCAL = ("localhost", "127.0.0.1")
# The certificate without its key.
CERTIFICATE = f"sed -n '/BEGIN CERTIFICATE/,/END CERTIFICATE/p' {PEM} 2>/dev/null || true"


@dataclass(frozen=True)
class Serving:
    """How the server is to run: where it listens, by which names, and where artifacts go.

    `certificate` is the fingerprint of the one it shows, empty for a server without TLS, and `key`
    the id of the host's access key, if it has one. `scheme` is what clients use, which is the
    proxy's where there is one in front. An empty `bind` listens on all addresses of both kinds, as
    0.0.0.0 does on those of IPv4.
    """

    bucket: str
    bind: str
    port: int
    names: tuple[str, ...]
    public_port: int
    scheme: str = "https"
    certificate: str = ""
    key: str = ""
    login: bool = True
    direct: bool = False
    emulated: bool = False

    def command(self) -> list[str]:
        """Return the server's argument list; its files are relative to its data folder."""
        artifacts = f"s3://{self.bucket}/{layout.ARTIFACTS}"
        named = [name for host in self.names for name in (host, f"{host}:{self.public_port}")]
        # Tunnels end at any port of a client's machine.
        local = [name for host in LOCAL for name in (host, f"{host}:*")]
        origins = [f"{self.scheme}://{host}:{self.public_port}" for host in self.names]
        return [
            *("../.venv/bin/mlflow", "server"),
            *(("--app-name", "basic-auth") if self.login else ()),
            *("--backend-store-uri", "sqlite:///mlflow.db"),
            # Experiments keep the way that they were made with, whatever new ones get.
            *("--artifacts-destination", artifacts),
            *(("--default-artifact-root", artifacts) if self.direct else ()),
            *("--host", self.bind, "--port", str(self.port)),
            # Four workers do not fit into 1 GiB, and the job runner neither.
            *("--workers", "1"),
            # Since 3.5 the server answers 403 to any name or origin that is not listed.
            *("--allowed-hosts", ",".join(dict.fromkeys([*named, *local]))),
            *("--cors-allowed-origins", ",".join(dict.fromkeys(origins))),
            *(("--uvicorn-opts", UVICORN_TLS) if self.certificate else ()),
        ]

    def environment(self) -> dict[str, str]:
        """Return the variables that the server runs with, none of them secret."""
        found = {
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            **locations.environment(self.bucket),
        }
        if self.login:
            found |= {
                "MLFLOW_AUTH_CONFIG_PATH": "../auth.ini",
                # A route that the login app does not know is refused, not let through.
                "MLFLOW_BASIC_AUTH_FAIL_CLOSED": "true",
            }
        return found | ({"MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE": "path"} if self.emulated else {})

    @property
    def remark(self) -> str:
        """A comment that differs when the server has to be started again to see its files."""
        return f"# certificate {self.certificate or 'none'}, key {self.key or 'none'}"


UVICORN_TLS = "--ssl-keyfile ../tls.pem --ssl-certfile ../tls.pem"


def auth_ini(password: str = "") -> str:
    """Return the login app's settings, with the first user's password while there is no user yet.

    Everybody may read everything, since a team's server is for looking at each other's runs; who
    makes an experiment or a model manages it.
    https://mlflow.org/docs/latest/self-hosting/security/basic-http-auth/
    """
    # MLflow reads the file with interpolation, for which a % is doubled.
    first = f"admin_password = {password.replace('%', '%%')}\n" if password else ""
    return f"""\
[mlflow]
default_permission = READ
database_uri = sqlite:///basic_auth.db
admin_username = {ADMIN}
{first}authorization_function = mlflow.server.auth:authenticate_request_basic_auth
# Checking a password is slow by design; one worker forgets at once what an admin changes.
auth_cache_ttl_seconds = 60
"""
