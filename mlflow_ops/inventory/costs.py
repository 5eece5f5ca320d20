"""What AWS charges for a thing of EC2's: an upper bound for snapshots, which share blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops.ec2 import instances
from mlflow_ops.inventory.charged import NOTHING, Charged
from mlflow_ops.inventory.search import tags_of
from mlflow_ops.names import SHAPE_TAG
from mlflow_ops.prices import GIB
from mlflow_ops.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Callable


def of(kind: str, found: Any) -> Charged:  # noqa: ANN401 - AWS's own description
    """Return what AWS charges for a thing that it describes."""
    return CHARGED[kind](found) if kind in CHARGED else NOTHING


def _instance(found: Any) -> Charged:  # noqa: ANN401 - as above
    """Return the machine and its public address; an elastic one costs by itself."""
    if found["State"]["Name"] not in instances.RUNS:
        return NOTHING
    elastic = Shape.of(tags_of(found).get(SHAPE_TAG, "")).elastic
    own = bool(found.get("PublicIpAddress")) and not elastic
    return Charged(found["InstanceType"], int(own))


def _volume(found: Any) -> Charged:  # noqa: ANN401 - as above
    return Charged(disk=found["VolumeType"], gib=found["Size"])


def _snapshot(found: Any) -> Charged:  # noqa: ANN401 - as above
    held = found.get("FullSnapshotSizeInBytes")
    tier = found.get("StorageTier", "standard")
    return Charged(snapshot=tier, gib=held / GIB if held else found["VolumeSize"])


CHARGED: dict[str, Callable[[Any], Charged]] = {
    "instance": _instance,
    "elastic IP": lambda _: Charged(addresses=1),
    "volume": _volume,
    "snapshot": _snapshot,
}
