"""What of the doctor's round saves `up` a failure half-way: asked before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.doctor import account, machine, quotas
from mlflow_ops.doctor.check import FAIL, UNKNOWN, told
from mlflow_ops.errors import MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_ops.doctor.check import Finding
    from mlflow_ops.stack import Stack


def check(stack: Stack, home: Path, say: Callable[[str], None]) -> None:
    """Raise MlflowOpsError for what would end the making of an instance in failure.

    What cannot be asked keeps nobody from trying; that a policy does not allow the question is
    said, for it can be cured.
    """
    looks: tuple[Callable[[], Finding], ...] = (
        lambda: account.by(stack.aws.skew),
        lambda: machine.disk(home),
        lambda: quotas.vcpus(stack.target, stack.want().instance_type),
    )
    for found in (told("", look, UNKNOWN) for look in looks):
        if found.state == FAIL:
            raise MlflowOpsError(f"{found.what} Nothing was begun: {found.cure}.")
        if found.denied:
            say(f"Whether the vCPU quota leaves room is not known. {found.what} {found.cure}")
