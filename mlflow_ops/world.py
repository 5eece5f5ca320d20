"""What a command line stands on: how its cloud is found, and how time passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops import target
from mlflow_ops.wait import CLOCK, Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.settings import Settings


@dataclass(frozen=True)
class World:
    """The cloud that settings lead to, and the clock that waits go by."""

    reach: Callable[[Settings], target.Target] = target.reach
    clock: Clock = CLOCK
