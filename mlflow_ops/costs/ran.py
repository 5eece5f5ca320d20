"""How long a stack's machine has run, over all its starts: AWS tells of the last one alone.

A tag of the instance keeps what the runs before came to, in seconds, and the launch that it has
counted last: `mlflow-ops:ran` = `86400 2026-11-20T10:00:00+00:00`.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from mlflow_ops import moments
from mlflow_ops.ec2 import instances
from mlflow_ops.names import RAN_TAG, STOPS_TAG
from mlflow_ops.refusals import FAILURES

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

AT_MOST, AT_LEAST = "at most", "at least"
TAG = re.compile(r"(\d{1,12}) (\S+)( at most)?")
# A disk is made with its instance: a launch much later is not the first one.
SAME = timedelta(minutes=10)


@dataclass(frozen=True)
class Ran:
    """How many seconds a machine has run; `bound` is "at most" or "at least" where not exact."""

    seconds: float
    bound: str = ""

    @property
    def hours(self) -> float:
        """The same in hours."""
        return self.seconds / 3600


def so_far(described: Any, now: datetime, made: datetime | None = None) -> Ran:  # noqa: ANN401 - AWS's own description
    """Return how long an instance that AWS describes has run until now; `made` is its disk's age.

    Runs that were ended and begun by hand before the last one are not known of.
    """
    launched: datetime = described["LaunchTime"]
    told = _told(described)
    if told is None:
        began_before = made is not None and launched - made > SAME
        before, counted, bound = 0.0, None, AT_LEAST if began_before else ""
    else:
        before, counted, bound = told
    if counted == launched and described["State"]["Name"] not in instances.RUNS:
        return Ran(before, bound)
    end, is_sure = _end(described, now)
    last = max(0.0, (end - launched).total_seconds())
    return Ran(before + last, bound or ("" if is_sure else AT_MOST))


def tag(described: Any, now: datetime) -> str:  # noqa: ANN401 - as above
    """Return the tag's value for an instance that is about to be started again."""
    found = so_far(described, now)
    note = f" {AT_MOST}" if found.bound == AT_MOST else ""
    launched = described["LaunchTime"].astimezone(timezone.utc)
    return f"{found.seconds:.0f} {launched.isoformat(timespec='seconds')}{note}"


def keep(stack: Stack, instance_id: str) -> None:
    """Write down how long a stopped instance has run, before it is started again.

    Twice counts once. What AWS refuses is left: nobody waits for a start because of a sum.
    """
    with suppress(*FAILURES):
        for found in instances.own(stack):
            if found["InstanceId"] == instance_id:
                value = tag(found, stack.aws.now())
                stack.aws.ec2.create_tags(
                    Resources=[instance_id], Tags=[{"Key": RAN_TAG, "Value": value}]
                )


def _told(described: Any) -> tuple[float, datetime, str] | None:  # noqa: ANN401 - as above
    """Return what the tag says: seconds, the launch counted last, and a bound; None without one."""
    found = TAG.fullmatch(_tag(described, RAN_TAG))
    launched = moments.tagged(found[2]) if found else None
    return (float(found[1]), launched, (found[3] or "").strip()) if found and launched else None


def _tag(described: Any, key: str) -> str:  # noqa: ANN401 - as above
    found = (tag["Value"] for tag in described.get("Tags", []) if tag["Key"] == key)
    return next(found, "")


def _end(described: Any, now: datetime) -> tuple[datetime, bool]:  # noqa: ANN401 - as above
    """Return when the last run ended, or now, and whether that is sure."""
    if described["State"]["Name"] in instances.RUNS:
        return now, True
    if told := moments.ended(described.get("StateTransitionReason", "")):
        return told, True
    until = moments.tagged(_tag(described, STOPS_TAG))
    if until and described["LaunchTime"] < until < now:
        return until, False
    return now, False
