"""A client of the server: what it has to know, and the environment that tells it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow_ops.reach import reaching
from mlflow_ops.reach.tracking import Tracking

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
        login = {reaching.USERNAME: self.username, reaching.PASSWORD: self.password}
        proof = {reaching.CERTIFICATE: str(self.ca)} if self.ca else {}
        named = {"MLFLOW_TRACKING_URI": self.uri, **(login if self.username else {})}
        return {**self.keys, **self.settings, **named, **proof}

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
        return {**kept, **self.exports}

    def take_over(self) -> None:
        """Make this process a client."""
        environment = self.environment(os.environ)
        os.environ.clear()
        os.environ.update(environment)
