"""What EC2 holds in a region, one kind at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops.ec2.instances import ALIVE
from mlflow_ops.inventory import costs
from mlflow_ops.inventory.ec2_kinds import INSTANCE, KEY_PAIR
from mlflow_ops.inventory.holding import Holding, Machine, when
from mlflow_ops.inventory.search import base, paged, tags_of
from mlflow_ops.lease.holder import TOKEN, Holder
from mlflow_ops.names import SHAPE_TAG, STOPS_TAG
from mlflow_ops.shape import Shape

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow_ops.inventory.ec2_kinds import Kind
    from mlflow_ops.inventory.search import Search
    from mlflow_ops.names import Names

LOCK = "lock"
NAMES = {"group-name": "GroupName", "key-name": "KeyName"}


def look(search: Search, kind: Kind) -> Iterator[Holding]:
    """Yield the things of one kind that carry our tag, or have a name of ours, each once."""
    seen = set()
    for found in _asked(search, kind):
        holding = _holding(search, kind, found)
        if holding and holding.id not in seen:
            seen.add(holding.id)
            yield holding


def lock_name(names: Names) -> str:
    """Return the name of a stack's lock."""
    return f"{names.base}-lock"


def _asked(search: Search, kind: Kind) -> Iterator[Any]:
    states = [{"Name": "instance-state-name", "Values": list(kind.states)}] if kind.states else []
    ours = [search.tag_filter()]
    if search.only is None:  # EC2 joins filters by "and": our names are a question of their own
        ours.append({"Name": kind.named, "Values": ["mlflow-ops-*"]})
    for one in ours:
        yield from paged(search.aws.ec2, kind.ask, kind.path, Filters=[one, *states], **kind.which)


def _holding(search: Search, kind: Kind, found: Any) -> Holding | None:  # noqa: ANN401 - AWS's own description
    tags = tags_of(found)
    name = str(found.get(NAMES.get(kind.named, ""), tags.get("Name", "")))
    is_lock = kind.name == KEY_PAIR and (TOKEN in tags or name.endswith("-lock"))
    form = lock_name if is_lock else base
    whose = search.whose(tags, name, form, lies=search.aws.region)
    if whose is None or not (whose.tagged or whose.region == search.aws.region):
        return None
    identifier = found[kind.id]
    return Holding(
        LOCK if is_lock else kind.name,
        identifier,
        search.aws.region,
        whose,
        name=name,
        made=when(found.get(kind.made)),
        charged=costs.of(kind.name, found),
        command=search.command(*_removal(kind, found)),
        alive=_alive(search, kind, found, is_held=TOKEN in tags),
        machine=_machine(found, tags) if kind.name == INSTANCE else None,
    )


def _machine(found: Any, tags: Mapping[str, str]) -> Machine:  # noqa: ANN401 - as above
    address = found.get("PublicIpAddress") or found.get("PrivateIpAddress", "")
    idle = Shape.of(tags.get(SHAPE_TAG, "")).idle
    return Machine(found["State"]["Name"], address, tags.get(STOPS_TAG, ""), idle)


def _removal(kind: Kind, found: Any) -> list[str]:  # noqa: ANN401 - as above
    """Return the calls that remove it; an image's disks stay, and cost, when it goes alone."""
    disks = [disk.get("Ebs", {}) for disk in found.get("BlockDeviceMappings", ())]
    backing = [disk["SnapshotId"] for disk in disks if disk.get("SnapshotId")]
    return [
        *(each.format(id=found[kind.id]) for each in kind.remove),
        *(f"ec2 delete-snapshot --snapshot-id {snapshot}" for snapshot in backing),
    ]


def _alive(search: Search, kind: Kind, found: Any, *, is_held: bool) -> str:  # noqa: ANN401 - as above
    if kind.name == INSTANCE and found["State"]["Name"] in ALIVE:
        return "live"
    return "busy" if is_held and Holder.of(found).until >= search.now else ""
