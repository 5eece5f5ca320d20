"""What a training script needs to reach the stack's server: found through AWS, kept nowhere."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow_ops import elsewhere, key_file
from mlflow_ops.errors import NotReady
from mlflow_ops.steps import instance, server
from mlflow_ops.tracking import Tracking

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.settings import Settings
    from mlflow_ops.stack import Stack


# Of the user's own, these would win over the stack's key and endpoint, or contradict them.
CONTRARY = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_PROFILE")


@dataclass(frozen=True)
class Connection:
    """A server, and the keys to the bucket where clients need them; secret parts do not show."""

    uri: str
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)

    def environment(self, own: Mapping[str, str]) -> dict[str, str]:
        """Return a client's environment, made from the user's own."""
        kept = {
            name: value
            for name, value in own.items()
            if not self.keys or not (name in CONTRARY or name.startswith("AWS_ENDPOINT_URL"))
        }
        return {**kept, **self.keys, "MLFLOW_TRACKING_URI": self.uri}

    def take_over(self) -> None:
        """Make this process a client."""
        environment = self.environment(os.environ)
        os.environ.clear()
        os.environ.update(environment)


def find(stack: Stack, settings: Settings) -> Connection:
    """Return the way to the stack's server.

    Raises NotReady when it gives no answer, and WrongPlace when it is in another region.
    """
    found = instance.find(stack)
    if found is None:
        elsewhere.check(stack, settings)
    if found is None or not found.address:
        raise NotReady(
            f"There is no running stack {stack.names.stack!r} in account {stack.names.account}, "
            f"{stack.names.region}: `mlflow-ops up` makes one."
        )
    uri = server.uri(stack.knows(found))
    direct = Tracking(uri).artifact_root().startswith("s3://")
    return Connection(uri, _keys(stack) if direct else {})


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
