"""What of a thing AWS charges for, and what that costs by a region's prices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops.costs.daily import Daily, total
from mlflow_ops.prices import HOURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.prices import Prices


@dataclass(frozen=True)
class Charged:
    """A machine that runs, public addresses, and a disk or a snapshot of some GiB, by their types.

    What is empty costs nothing; `other` is what has no price that is known here.
    """

    machine: str = ""
    addresses: int = 0
    disk: str = ""
    snapshot: str = ""
    gib: float = 0.0
    other: str = ""

    @property
    def has_price(self) -> bool:
        """Whether AWS charges for any of it by a price that its list has."""
        return bool(self.machine or self.addresses or self.disk or self.snapshot)

    def a_day(self, table: Prices) -> Daily:
        """Return what all of it costs a day."""
        return total(
            Daily(unpriced=(what,)) if hourly is None else Daily(hourly * HOURS)
            for what, hourly in self._hourly(table)
        )

    def _hourly(self, table: Prices) -> Iterator[tuple[str, float | None]]:
        yield "address", table.address_hour * self.addresses
        if self.machine:
            yield self.machine, table.instance(self.machine)
        if self.disk:
            yield f"{self.disk} disk", table.disk(self.disk, self.gib)
        if self.snapshot:
            yield f"{self.snapshot} snapshot", table.snapshot(self.snapshot, self.gib)
        if self.other:
            yield self.other, None


NOTHING = Charged()
