"""What the doctor looks into: a cloud, what `up` is asked for there, and what of it stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from mlflow_ops import shaping
from mlflow_ops.backup import choosing
from mlflow_ops.doctor import standing
from mlflow_ops.ec2 import instances
from mlflow_ops.errors import BadOption, MlflowOpsError
from mlflow_ops.names import Names
from mlflow_ops.records import Instance, Record
from mlflow_ops.refusals import FAILURES
from mlflow_ops.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.doctor.standing import Standing
    from mlflow_ops.settings import Options, Settings
    from mlflow_ops.stack import Stack
    from mlflow_ops.target import Target

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Case:
    """One cloud, and what is asked for there; `of` makes the stack that is meant out of it."""

    settings: Settings
    options: Options
    target: Target
    of: Callable[[Target], Stack]

    @property
    def stack(self) -> Stack:
        """The stack that is meant; raises WrongPlace as a command would."""
        return self.of(self.target)

    @property
    def names(self) -> Names:
        """What the things of the stack would be called, wherever one of its name stands."""
        return Names(self.settings.name, self.target.account, self.target.aws.region)

    @cached_property
    def standing(self) -> Standing:
        """What of the stack is there, asked once."""
        return standing.found(self.stack)

    def there(self, kind: type[R]) -> R | None:
        """Return the record of this kind, None without one or where AWS does not tell."""
        try:
            records = self.standing.records.values()
        except (MlflowOpsError, *FAILURES):
            return None
        return next((each for each in records if isinstance(each, kind)), None)

    @cached_property
    def machine(self) -> Instance | None:
        """The instance, unless it is on its way out."""
        found = self.there(Instance)
        return found if found and found.state in instances.ALIVE else None

    @property
    def runs(self) -> bool:
        """Whether the instance has its vCPUs already."""
        return self.machine is not None and self.machine.state in instances.RUNS

    @cached_property
    def before(self) -> Shape | None:
        """The shape of what stands, or of what has ended while its data is there."""
        if self.machine:
            return self.machine.shape
        try:
            return choosing.shape_before(self.stack)
        except (MlflowOpsError, *FAILURES):
            return None

    @cached_property
    def shape(self) -> Shape:
        """The shape that `up` would make, or the one before where it would refuse to."""
        try:
            return shaping.wanted(self.options, self.before)
        except BadOption:
            return self.before or Shape()
