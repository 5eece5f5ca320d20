"""What a thing of EC2's costs a day, in USD: an upper bound for snapshots, which share blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops import prices

if TYPE_CHECKING:
    from collections.abc import Callable

GIB = 2**30


def of(kind: str, found: Any) -> float | None:  # noqa: ANN401 - AWS's own description
    """Return what a thing that AWS describes costs a day; None where its price is not listed."""
    return COSTS[kind](found) if kind in COSTS else 0.0


def _instance(found: Any) -> float | None:  # noqa: ANN401 - as above
    if found["State"]["Name"] not in {"pending", "running"}:
        return 0.0
    hourly = prices.INSTANCE_HOUR.get(found["InstanceType"])
    return None if hourly is None else hourly * prices.HOURS


def _interface(found: Any) -> float:  # noqa: ANN401 - as above
    """Return the price of the public address that came with it; an elastic one costs by itself."""
    address = found.get("Association", {})
    return (
        prices.ADDRESS_DAY if address.get("PublicIp") and not address.get("AllocationId") else 0.0
    )


def _volume(found: Any) -> float | None:  # noqa: ANN401 - as above
    return _monthly(prices.DISK_GIB_MONTH.get(found["VolumeType"]), found["Size"])


def _snapshot(found: Any) -> float | None:  # noqa: ANN401 - as above
    held = found.get("FullSnapshotSizeInBytes")
    tier = prices.SNAPSHOT_GIB_MONTH.get(found.get("StorageTier", "standard"))
    return _monthly(tier, held / GIB if held else found["VolumeSize"])


def _monthly(price: float | None, gib: float) -> float | None:
    return None if price is None else price * gib / prices.DAYS


COSTS: dict[str, Callable[[Any], float | None]] = {
    "instance": _instance,
    "network interface": _interface,
    "elastic IP": lambda _: prices.ADDRESS_DAY,
    "volume": _volume,
    "snapshot": _snapshot,
}
