"""What a thing of EC2's costs a day, in USD: an upper bound for snapshots, which share blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops import prices
from mlflow_ops.ec2 import instances
from mlflow_ops.inventory.search import tags_of
from mlflow_ops.names import SHAPE_TAG
from mlflow_ops.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Callable


def of(kind: str, found: Any) -> float | None:  # noqa: ANN401 - AWS's own description
    """Return what a thing that AWS describes costs a day; None where its price is not listed."""
    return COSTS[kind](found) if kind in COSTS else 0.0


def _instance(found: Any) -> float | None:  # noqa: ANN401 - as above
    """Return the price of the machine and its public address; an elastic one costs by itself."""
    if found["State"]["Name"] not in instances.RUNS:
        return 0.0
    hourly = prices.INSTANCE_HOUR.get(found["InstanceType"])
    elastic = Shape.of(tags_of(found).get(SHAPE_TAG, "")).elastic
    address = prices.ADDRESS_DAY if found.get("PublicIpAddress") and not elastic else 0.0
    return None if hourly is None else hourly * prices.HOURS + address


def _volume(found: Any) -> float | None:  # noqa: ANN401 - as above
    return _monthly(prices.DISK_GIB_MONTH.get(found["VolumeType"]), found["Size"])


def _snapshot(found: Any) -> float | None:  # noqa: ANN401 - as above
    held = found.get("FullSnapshotSizeInBytes")
    tier = prices.SNAPSHOT_GIB_MONTH.get(found.get("StorageTier", "standard"))
    return _monthly(tier, held / prices.GIB if held else found["VolumeSize"])


def _monthly(price: float | None, gib: float) -> float | None:
    return None if price is None else price * gib / prices.DAYS


COSTS: dict[str, Callable[[Any], float | None]] = {
    "instance": _instance,
    "elastic IP": lambda _: prices.ADDRESS_DAY,
    "volume": _volume,
    "snapshot": _snapshot,
}
