"""A client of the server: what it has to know, and the environment that tells it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow_ops.reach import reaching
from mlflow_ops.reach.tracking import Tracking, near

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Of the user's own, these would win over the stack's key and endpoint, or contradict them.
CONTRARY = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
# Of the user's own, these would win over the stack's login and CA, or switch its proof off.
LOGINS = (
    *(reaching.USERNAME, reaching.PASSWORD, reaching.CERTIFICATE),
    *("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_AUTH", "MLFLOW_TRACKING_INSECURE_TLS"),
)


# Some clients read the one first and some the other.
UNPROXIED = {"NO_PROXY": "no_proxy", "no_proxy": "NO_PROXY"}


def unproxied(uri: str, own: Mapping[str, str]) -> dict[str, str]:
    """Return the user's list of hosts without a proxy, longer by a host that no proxy reaches."""
    host = near(uri)
    held = {name: own.get(name) or own.get(other, "") for name, other in UNPROXIED.items()}
    return {name: _with(host, value) for name, value in held.items()} if host else {}


def _with(host: str, value: str) -> str:
    named = [each.strip() for each in value.split(",")]
    return value if {host, "*"} & {*named} else f"{value},{host}".lstrip(",")


@dataclass(frozen=True)
class Client:
    """A server, the login to it, the CA that proves it, and the keys to the bucket if it takes any.

    Secret parts do not show. `ca` is None where the system's CAs prove the server.
    """

    uri: str
    username: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    lasting: bool = True

    @property
    def exports(self) -> dict[str, str]:
        """The variables that make MLflow's and AWS's own clients clients of this server."""
        return self._exports(os.environ)

    def _exports(self, own: Mapping[str, str]) -> dict[str, str]:
        login = {reaching.USERNAME: self.username, reaching.PASSWORD: self.password}
        proof = {reaching.CERTIFICATE: str(self.ca)} if self.ca else {}
        named = {"MLFLOW_TRACKING_URI": self.uri, **(login if self.username else {})}
        direct = unproxied(self.uri, own)
        return {**self.keys, **self.settings, **named, **proof, **direct}

    @property
    def tracking(self) -> Tracking:
        """The server's API, asked as this client."""
        return Tracking(self.uri, self.username, self.password, self.ca)

    def environment(self, own: Mapping[str, str]) -> dict[str, str]:
        """Return a client's environment, made from the user's own."""
        contrary = (*LOGINS, *(CONTRARY if self.keys else ()))
        kept = {
            name: value
            for name, value in own.items()
            if name not in contrary and not (self.keys and name.startswith("AWS_ENDPOINT_URL"))
        }
        return {**kept, **self._exports(own)}

    def take_over(self) -> None:
        """Make this process a client."""
        environment = self.environment(os.environ)
        os.environ.clear()
        os.environ.update(environment)
