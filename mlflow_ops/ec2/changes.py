"""What is to change about a security group's rules, and whether it may."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops.ec2.rules import ACME
from mlflow_ops.errors import BadOption, MlflowOpsError

if TYPE_CHECKING:
    from mlflow_ops.ec2.rules import Rule

# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
LIMIT = 60


@dataclass(frozen=True)
class Change:
    """Rules to add, to mark with their new origin and to remove, where `held` are there now."""

    held: tuple[Rule, ...] = ()
    add: tuple[Rule, ...] = ()
    mark: tuple[Rule, ...] = ()
    remove: tuple[Rule, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.add or self.mark or self.remove)

    @property
    def after(self) -> tuple[Rule, ...]:
        """The rules that there are then."""
        gone = {rule.id for rule in (*self.remove, *self.mark)}
        return (*(rule for rule in self.held if rule.id not in gone), *self.mark, *self.add)

    @property
    def crowd(self) -> int:
        """How many rules must go first, because the new ones do not fit in beside them."""
        return max(0, len(self.held) + len(self.add) - LIMIT) if self.add else 0

    @property
    def words(self) -> tuple[str, ...]:
        """Say what is missing now."""
        return (
            *(f"rule {rule}" for rule in self.add),
            *(f"mark {rule.origin} on rule {rule}" for rule in self.mark),
            *(f"no rule {rule}" for rule in self.remove),
        )

    def checked(self, nobody: str = "") -> Change:
        """Return the change; raise BadOption when it needs more rules than a group can hold.

        Raises MlflowOpsError with the sentence `nobody`, if there is one, when nobody could get in.
        """
        if self.add and len(self.after) > LIMIT:
            raise BadOption(
                f"The security group would need {len(self.after)} rules, one for each port and "
                f"range, and AWS lets it have {LIMIT}: let in fewer or wider ranges."
            )
        if nobody and all(rule.origin == ACME for rule in self.after):
            raise MlflowOpsError(nobody)
        return self
