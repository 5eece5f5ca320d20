"""What of the doctor's round saves `up` a failure half-way: asked before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.doctor import account, machine, network, quotas
from mlflow_ops.doctor.check import FAIL, UNKNOWN, Check, told
from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.records import Instance
from mlflow_ops.steps import taken
from mlflow_ops.steps.instance import AT_REST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mlflow_ops.doctor.check import Finding
    from mlflow_ops.stack import Stack
    from mlflow_ops.walk import Found


def check(stack: Stack, found: Found, home: Path, say: Callable[[str], None]) -> None:
    """Raise MlflowOpsError for what would end the making of what is missing in failure.

    What cannot be asked keeps nobody from trying; that a policy does not allow the question is
    said, for it can be cured.
    """
    for each in looks(stack, found, home):
        if each.state == FAIL:
            raise MlflowOpsError(f"{each.what} Nothing was begun: {each.cure}.")
        if each.denied:
            say(f"What the {each.name} allows is not known. {each.what} {each.cure}")


def remarks(stack: Stack, found: Found, home: Path) -> list[str]:
    """Return for a plan what would keep `up` from beginning."""
    failed = [each for each in looks(stack, found, home) if each.state == FAIL]
    return [f"`up` would not begin. {each.what} The cure: {each.cure}." for each in failed]


def looks(stack: Stack, found: Found, home: Path) -> Iterator[Check]:
    """Yield what came of each look that what is missing calls for."""
    for name, (due, look) in _rounds(stack, found, home).items():
        if due:
            yield told(name, look, UNKNOWN)


def _rounds(
    stack: Stack, found: Found, home: Path
) -> dict[str, tuple[bool, Callable[[], Finding]]]:
    """Return each look by its name, with whether it is due; the sandbox limits no account."""
    due, target, standing = (
        taken(stack.shape).keys() - found.keys(),
        stack.target,
        stack.get(Instance),
    )
    launched = "instance" in due
    kind = standing.type if standing else stack.want().instance_type
    limited = not target.is_sandbox
    starts = launched or (standing is not None and standing.state in AT_REST)
    return {
        "clock": (launched, lambda: account.by(stack.aws.skew)),
        "disk": (launched, lambda: machine.disk(home)),
        "files": (launched, lambda: machine.files(home)),
        "AWS files": ("aws_profile" in due, lambda: machine.aws_files(target.aws_files)),
        "free plan": (limited and launched, lambda: network.going_on(target)),
        "vCPU quota": (limited and starts, lambda: quotas.vcpus(target, kind)),
        "Elastic IP quota": (limited and "elastic_ip" in due, lambda: quotas.addresses(target)),
    }
