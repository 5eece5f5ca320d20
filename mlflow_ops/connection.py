"""What a training script needs to reach the stack's server: found through AWS, kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow_ops import key_file
from mlflow_ops.errors import NotReady
from mlflow_ops.stack import Stack
from mlflow_ops.steps import instance, server
from mlflow_ops.target import reach
from mlflow_ops.tracking import Tracking

if TYPE_CHECKING:
    from mlflow_ops.settings import Settings


@dataclass(frozen=True)
class Connection:
    """A server that answers, and the environment of its clients; secret parts do not show."""

    uri: str
    environment: dict[str, str] = field(repr=False)


def find(settings: Settings) -> Connection:
    """Return the way to the stack's server; raise NotReady when it gives no answer."""
    stack = Stack.of(settings, reach(settings))
    found = instance.find(stack)
    if found is None or not found.address:
        raise NotReady(
            f"There is no running stack {settings.name!r} in account {stack.names.account}, "
            f"{stack.names.region}: `mlflow-ops up` makes one."
        )
    uri = server.uri(stack.knows(found))
    direct = Tracking(uri).artifact_root().startswith("s3://")
    keys = _keys(stack) if direct else {}
    return Connection(uri, {"MLFLOW_TRACKING_URI": uri, **keys})


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
