"""What a client needs to reach the stack's server: found through AWS and this machine's files."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mlflow_ops import elsewhere, key_file, reaching, shut_out
from mlflow_ops.errors import NotReady, Refused
from mlflow_ops.steps import instance
from mlflow_ops.tracking import Tracking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mlflow_ops.settings import Settings
    from mlflow_ops.stack import Stack

    # Gives the tracking URI for as long as it holds what leads there.
    Reach = Callable[[Stack], AbstractContextManager[str]]


# Of the user's own, these would win over the stack's key and endpoint, or contradict them.
CONTRARY = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")
# Of the user's own, these would win over the stack's login and CA, or switch its proof off.
LOGINS = (
    *(reaching.USERNAME, reaching.PASSWORD, reaching.CERTIFICATE),
    *("MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_AUTH", "MLFLOW_TRACKING_INSECURE_TLS"),
)


@dataclass(frozen=True)
class Connection:
    """A server, the login to it, the CA that proves it, and the keys to the bucket if it takes any.

    Secret parts do not show. `ca` is None where the system's CAs prove the server.
    """

    uri: str
    username: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def exports(self) -> dict[str, str]:
        """The variables that make MLflow's and AWS's own clients clients of this server."""
        login = {reaching.USERNAME: self.username, reaching.PASSWORD: self.password}
        proof = {reaching.CERTIFICATE: str(self.ca)} if self.ca else {}
        named = {"MLFLOW_TRACKING_URI": self.uri, **(login if self.username else {})}
        return {**self.keys, **named, **proof}

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


@contextmanager
def held(stack: Stack, settings: Settings, reach: Reach = reaching.held) -> Iterator[Connection]:
    """Give the way to the stack's server, holding a tunnel where it takes one.

    Raises NotReady when it gives no answer or this machine has no login to it, and WrongPlace when
    it is in another region.
    """
    stack = located(stack, settings)
    try:
        with shut_out.explained(stack):
            check_known(stack)
            with reach(stack) as uri:
                login = reaching.username(stack), reaching.password(stack)
                way = Connection(uri, *login, reaching.ca(stack))
                direct = _artifact_root(stack, way).startswith("s3://")
                yield replace(way, keys=_keys(stack)) if direct else way
    finally:
        stack.hang_up()


def located(stack: Stack, settings: Settings) -> Stack:
    """Return the stack with its instance, which has an address.

    Raises NotReady when there is none, and WrongPlace when it is in another region.
    """
    found = instance.find(stack)
    if found is None:
        elsewhere.check(stack, settings)
    if found is None or not found.address:
        raise NotReady(
            f"There is no running stack {stack.names.stack!r} in account {stack.names.account}, "
            f"{stack.names.region}: `mlflow-ops up` makes one."
        )
    return stack.knows(found)


def check_known(stack: Stack, *, login: bool = True) -> None:
    """Raise NotReady where this machine lacks what proves the server, or the login to it."""
    lacking = {
        f"the CA that proves its server ({reaching.CERTIFICATE})": stack.shape.tls == "own"
        and reaching.ca(stack) is None,
        f"its login ({reaching.USERNAME} and {reaching.PASSWORD})": login
        and stack.shape.login
        and not (reaching.username(stack) and reaching.password(stack)),
    }
    for what, lacks in lacking.items():
        if lacks:
            raise NotReady(
                f"This machine does not have {what} of the stack {stack.names.stack!r}: run "
                "`mlflow-ops up` here, or set what `mlflow-ops env` prints where it stands."
            )


def _artifact_root(stack: Stack, way: Connection) -> str:
    """Ask the server where artifacts go; raise NotReady when it takes no login of ours."""
    try:
        return way.tracking.artifact_root()
    except Refused as error:
        if error.status != reaching.UNAUTHORIZED:
            raise
        ours = bool(reaching.password_here(stack))
        why = reaching.LOCKED_OUT if ours else f"the server does not know {way.username!r}"
        raise NotReady(f"No login to {way.uri}: {why}.") from error


def _keys(stack: Stack) -> dict[str, str]:
    """Return the keys and the endpoint that clients of the bucket itself need."""
    held = key_file.read(stack.folder.access_key)
    if held is None:
        raise NotReady(
            "This stack's clients need its access key, whose secret is not on this machine: "
            "run `mlflow-ops up --artifacts direct` here to get a new one."
        )
    pair = {"AWS_ACCESS_KEY_ID": held[0], "AWS_SECRET_ACCESS_KEY": held[1]}
    return pair | stack.target.environment
