"""What a client needs to reach the stack's server: found through AWS and this machine's files."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops import elsewhere, key_file
from mlflow_ops.errors import NotReady, Refused
from mlflow_ops.reach import reaching, shut_out
from mlflow_ops.reach.client import Client
from mlflow_ops.steps import instance

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from mlflow_ops.settings import Settings
    from mlflow_ops.stack import Stack

    # Gives the tracking URI for as long as it holds what leads there.
    Reach = Callable[[Stack], AbstractContextManager[str]]


@contextmanager
def held(stack: Stack, settings: Settings, reach: Reach = reaching.held) -> Iterator[Client]:
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
                way = Client(uri, *login, reaching.ca(stack), settings=_settings(stack))
                way = replace(way, lasting=stack.shape.access == "port")
                direct = _artifact_root(stack, way).startswith("s3://")
                yield replace(way, keys=_keys(stack)) if direct else way
    finally:
        stack.hang_up()


def located(stack: Stack, settings: Settings) -> Stack:
    """Return the stack with its instance, which has an address.

    Raises NotReady when there is none or it is stopped, WrongPlace when it is in another region.
    """
    found = instance.find(stack)
    if found is None:
        elsewhere.check(stack, settings)
    if found is None or not (found.address or found.state in instance.AT_REST):
        raise NotReady(
            f"There is no running stack {stack.names.stack!r} in account {stack.names.account}, "
            f"{stack.names.region}: `mlflow-ops up` makes one."
        )
    if found.state in instance.AT_REST:
        raise NotReady(
            f"The stack {stack.names.stack!r} is stopped: `mlflow-ops start` brings it back, with "
            "all its data."
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


def _artifact_root(stack: Stack, way: Client) -> str:
    """Ask the server where artifacts go; raise NotReady when it takes no login of ours."""
    try:
        return way.tracking.artifact_root()
    except Refused as error:
        if error.status != reaching.UNAUTHORIZED:
            raise
        ours = bool(reaching.password_here(stack))
        why = reaching.LOCKED_OUT if ours else f"the server does not know {way.username!r}"
        raise NotReady(f"No login to {way.uri}: {why}.") from error


def _settings(stack: Stack) -> dict[str, str]:
    """Return what MLflow's client has to be told besides."""
    if (stack.shape.access, stack.shape.address) == ("port", "public"):
        return {}
    # Else it fetches artifacts from S3 itself, to which there may be no way from where it is.
    return {"MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "false"}


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
