"""The table of contents of the product: `up` walks it, `down` walks it backwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from mlflow_ops.steps import (
    access_key,
    aws_profile,
    backup,
    bucket,
    caddy,
    certificate,
    database,
    elastic_ip,
    host_key,
    iam_user,
    instance,
    key_pair,
    lifetime,
    login,
    role,
    security_group,
    server,
    software,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.records import Readiness, Record
    from mlflow_ops.shape import Shape
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
    "role": role,
    "bucket": bucket,
    "key_pair": key_pair,
    "security_group": security_group,
    "elastic_ip": elastic_ip,
    "instance": instance,
    "host_key": host_key,
    "software": software,
    "certificate": certificate,
    "login": login,
    "database": database,
    "backup": backup,
    "lifetime": lifetime,
    "caddy": caddy,
    "server": server,
}
# Steps that not every shape of stack has.
ONLY_FOR: dict[str, Callable[[Shape], bool]] = {
    "iam_user": lambda shape: shape.credentials == "keys",
    "access_key": lambda shape: shape.credentials == "keys",
    "aws_profile": lambda shape: shape.credentials == "keys",
    "role": lambda shape: shape.credentials == "role",
    "elastic_ip": lambda shape: shape.elastic,
    "certificate": lambda shape: shape.tls == "own",
    "login": lambda shape: shape.login,
    "caddy": lambda shape: shape.tls == "acme",
}


def applies(name: str, shape: Shape) -> bool:
    """Whether a stack of this shape has the step of this name."""
    return name not in ONLY_FOR or ONLY_FOR[name](shape)


def taken(shape: Shape) -> Steps:
    """Return the steps that a stack of this shape has, in order."""
    return {name: step for name, step in STEPS.items() if applies(name, shape)}
