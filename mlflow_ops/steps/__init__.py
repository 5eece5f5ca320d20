"""The table of contents of the product: `up` walks it, `down` walks it backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from mlflow_ops.steps import (
    access_key,
    aws_profile,
    bucket,
    iam_user,
    instance,
    key_pair,
    security_group,
    server,
    software,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.records import Readiness, Record
    from mlflow_ops.stack import Stack


class Step(Protocol):
    """One step of the recipe: an AWS resource, or a state of this machine or of the host.

    `PLACE` is "aws", "here" (this machine's own files) or "host" (gone with its instance).
    `ALLOWS` is what IAM must allow for each verb; "compare" is what `find` takes besides when the
    thing is held against what is wanted.
    """

    ALLOWS: Allows
    PURPOSE: str
    PLACE: str
    DEADLINE: float

    def find(self, stack: Stack) -> Record | None:
        """Return what is there, or None; raise NotOurs for a thing of our name without our tag."""

    def plan(self, stack: Stack) -> str:
        """Say what `create` would make."""

    def create(self, stack: Stack) -> Record:
        """Make it, or what is missing of it where the stack has its record; never twice."""

    def ready(self, stack: Stack, record: Record) -> Readiness:
        """Tell whether it can be used yet."""

    def destroy(self, stack: Stack, record: Record) -> None:
        """Remove it and wait until it is gone; fine if it is gone already."""


Steps: TypeAlias = "Mapping[str, Step]"

STEPS: dict[str, Step] = {
    "iam_user": iam_user,
    "access_key": access_key,
    "aws_profile": aws_profile,
    "bucket": bucket,
    "key_pair": key_pair,
    "security_group": security_group,
    "instance": instance,
    "software": software,
    "server": server,
}
