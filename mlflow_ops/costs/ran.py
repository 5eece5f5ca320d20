"""How long a stack's machine has run, over all its starts: AWS tells of the last one alone."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from mlflow_ops import moments
from mlflow_ops.costs import counted
from mlflow_ops.costs.counted import AT_MOST
from mlflow_ops.ec2 import instances
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.names import RAN_TAG, STOPS_TAG
from mlflow_ops.refusals import FAILURES

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

AT_LEAST = "at least"
# The last words of the boot before this one, with their moment in seconds since the epoch.
LAST_WORDS = "sudo journalctl -q -b -1 -n 1 -o short-unix --no-pager 2>/dev/null"
MOMENT = re.compile(r"\d{1,12}(\.\d{1,9})?")
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
    told = counted.told(described)
    if told is None:
        began_before = made is not None and launched - made > SAME
        before, last, bound = 0.0, None, AT_LEAST if began_before else ""
    else:
        before, last, bound = told.seconds, told.launched, told.bound
    if last == launched and described["State"]["Name"] not in instances.RUNS:
        return Ran(before, bound)
    end, is_sure = _end(described, now)
    run = max(0.0, (end - launched).total_seconds())
    return Ran(before + run, bound or ("" if is_sure else AT_MOST))


def tag(described: Any, now: datetime) -> str:  # noqa: ANN401 - as above
    """Return the tag's value for an instance that is about to be started again."""
    launched, told = described["LaunchTime"].astimezone(timezone.utc), counted.told(described)
    if told and told.launched == launched:  # a start that had failed
        return counted.tagged(described, RAN_TAG)
    found, (end, is_sure) = so_far(described, now), _end(described, now)
    guess = None if is_sure else round(max(0.0, (end - launched).total_seconds()))
    return str(counted.Told(found.seconds, launched, bool(told and told.bound), guess))


def right(described: Any, ended: float | None) -> str:  # noqa: ANN401 - as above
    """Return the tag's value with the end, since the epoch, of the run that it has guessed.

    Empty where nothing was guessed, or it cannot have been then.
    """
    told = counted.told(described)
    if told is None or told.guess is None or ended is None:
        return ""
    lasted = ended - told.launched.timestamp()
    if not 0 <= lasted <= told.guess:
        return ""
    return str(replace(told, seconds=told.seconds - told.guess + lasted, guess=None))


def settle(stack: Stack) -> None:
    """Put right how long the run lasted that a host has ended by itself, as that host tells.

    What cannot be had is left, for the same reason as below.
    """
    with suppress(MlflowOpsError, *FAILURES):
        said = stack.host().ask(LAST_WORDS).split()
        ended = float(said[0]) if said and MOMENT.fullmatch(said[0]) else None
        for found in instances.own(stack):
            if value := right(found, ended):
                _write(stack, found["InstanceId"], value)


def keep(stack: Stack, instance_id: str) -> None:
    """Write down how long a stopped instance has run, before it is started again.

    Twice counts once. What AWS refuses is left: nobody waits for a start because of a sum.
    """
    with suppress(*FAILURES):
        for found in instances.own(stack):
            if found["InstanceId"] == instance_id:
                _write(stack, instance_id, tag(found, stack.aws.now()))


def _write(stack: Stack, instance_id: str, value: str) -> None:
    tags: Any = [{"Key": RAN_TAG, "Value": value}]
    stack.aws.ec2.create_tags(Resources=[instance_id], Tags=tags)


def _end(described: Any, now: datetime) -> tuple[datetime, bool]:  # noqa: ANN401 - as above
    """Return when the last run ended, or now, and whether that is sure."""
    if described["State"]["Name"] in instances.RUNS:
        return now, True
    if told := moments.ended(described.get("StateTransitionReason", "")):
        return told, True
    until = moments.tagged(counted.tagged(described, STOPS_TAG))
    if until and described["LaunchTime"] < until < now:
        return until, False
    return now, False
