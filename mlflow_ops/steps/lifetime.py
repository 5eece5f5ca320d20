"""The limits of the stack: the host stops itself after a time, or when nobody uses its server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import moments
from mlflow_ops.ec2 import launches
from mlflow_ops.iam.scopes import HERE, OWN
from mlflow_ops.lifetime import arming, telling
from mlflow_ops.lifetime.answers import Told
from mlflow_ops.records import READY, Instance, Lifetime, Readiness, Record

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.lifetime.arming import Facts
    from mlflow_ops.stack import Stack

PURPOSE = "time limit and idle stop, by the host itself"
PLACE = "host"
DEADLINE = 60.0
# Seconds that the end in the tag may be from what the host says, which counts by its own clock.
NEAR = 90.0
UNKEPT = "the host does not have the limits of this stack: `mlflow-ops up`"
BLIND = "the host does not look whether it is to stop: `mlflow-ops up`"
ALLOWS: Allows = {
    "create": (
        *HERE.allow("ec2", "DescribeInstanceAttribute"),
        *OWN.allow("ec2", "CreateTags"),
    )
}


def find(stack: Stack) -> Lifetime | None:
    """Ask the host for its limits; one without any has the record `none`."""
    if stack.get(Instance) is None:
        return None
    there = arming.facts(stack)
    return telling.record(there.told, tuple(_lacking(stack, there)) if stack.wanted else ())


def plan(stack: Stack) -> str:
    """Say what would be made."""
    shape = stack.shape
    parts = [f"stops {shape.ttl} after it was started"] if shape.ttl else []
    parts += [f"stops after {shape.idle} without a request"] if shape.idle else []
    return "; ".join(parts) or telling.FOREVER


def create(stack: Stack) -> Lifetime:
    """Have the host look each minute, or no longer where no limit is wanted; and say when it ends.

    Raises MlflowOpsError for an instance that its host's end would terminate.
    """
    there, instance = arming.facts(stack), stack.need(Instance)
    if stack.shape.ttl or stack.shape.idle:
        arming.check_shutdown(stack, instance.id)
        arming.arm(stack, there)
    else:
        arming.disarm(stack, there)
    told = arming.facts(stack).told
    if not _is_told(instance.until, told):
        launches.tell_until(stack, instance.id, told.end if told else "")
    return telling.record(told)


def ready(stack: Stack, record: Record) -> Readiness:
    """Tell whether the host has its limits, and looks."""
    limited = bool(stack.shape.ttl or stack.shape.idle)
    if not (limited or record.id != "none"):
        return READY
    there = arming.facts(stack)
    if not _as_wanted(stack, there.told):
        return Readiness("broken" if there.armed else "pending", UNKEPT)
    return READY if there.looks or not limited else Readiness("broken", BLIND)


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: it goes with the host."""


def _lacking(stack: Stack, there: Facts) -> list[str]:
    """Return in words what is not as wanted."""
    told, wanted = there.told, bool(stack.shape.ttl or stack.shape.idle)
    right = {
        "its limits": _as_wanted(stack, told) and (wanted or not there.armed),
        "the program that looks": there.works or not wanted,
        "its end in a tag": _is_told(stack.need(Instance).until, told),
    }
    return [name for name, good in right.items() if not good]


def _as_wanted(stack: Stack, told: Told | None) -> bool:
    """Whether the host has the limits of a stack of this shape, and no others."""
    return (told or Told()).has(stack.shape)


def _is_told(tag: str, told: Told | None) -> bool:
    """Whether the tag tells when the time limit ends."""
    if told is None or told.until is None:
        return not tag
    found = moments.tagged(tag)
    return found is not None and abs(found.timestamp() - told.until) < NEAR
