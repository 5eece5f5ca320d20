"""An instance that has ended behind our back, as long as AWS still describes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops import moments
from mlflow_ops.ec2 import instances
from mlflow_ops.names import SHAPE_TAG
from mlflow_ops.shape import Shape

if TYPE_CHECKING:
    from datetime import datetime

    from types_boto3_ec2.type_defs import InstanceTypeDef

    from mlflow_ops.stack import Stack

GONE = {
    "Name": "instance-state-name",
    "Values": [instances.DYING, "terminated"],
}


@dataclass(frozen=True)
class Lost:
    """The stack's last instance, that is no more; `ended` is None where AWS does not say when.

    Its shape is None where its tags are gone, as they are some time before it is forgotten.
    """

    id: str
    shape: Shape | None
    ended: datetime | None


def last(stack: Stack) -> Lost | None:
    """Return the newest of the stack's ended instances; None once AWS has forgotten it."""
    found = _described(stack, [*stack.names.filters, GONE])
    # Its tags may be gone before it is:
    # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
    told = stack.journal.last("instance", "made")
    if not found and told:
        found = _described(stack, [{"Name": "instance-id", "Values": [told["id"]]}, GONE])
    return _lost(max(found, key=lambda one: one["LaunchTime"])) if found else None


def _described(stack: Stack, filters: Any) -> list[InstanceTypeDef]:  # noqa: ANN401 - AWS's own
    answer = stack.aws.ec2.describe_instances(Filters=filters)
    return [one for reservation in answer["Reservations"] for one in reservation["Instances"]]


def _lost(found: InstanceTypeDef) -> Lost:
    tags = {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])}
    shape = Shape.of(tags[SHAPE_TAG]) if SHAPE_TAG in tags else None
    return Lost(found["InstanceId"], shape, moments.ended(found.get("StateTransitionReason", "")))
