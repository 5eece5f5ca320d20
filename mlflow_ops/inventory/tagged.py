"""What carries our tag beyond the kinds that are asked for one by one.

The Resource Groups Tagging API lags, and shows what is gone: so nothing else is taken from it.
https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
"""

from __future__ import annotations

import re
from shlex import quote
from typing import TYPE_CHECKING, Any

from mlflow_ops.inventory import buckets
from mlflow_ops.inventory.charged import Charged
from mlflow_ops.inventory.holding import Holding, by_name
from mlflow_ops.inventory.search import paged, tags_of
from mlflow_ops.names import TAG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.inventory.found import Findings
    from mlflow_ops.inventory.search import Search

# A rule goes with its group.
LISTED = {
    "ec2": {
        "elastic-ip",
        "image",
        "instance",
        "key-pair",
        "network-interface",
        "security-group",
        "security-group-rule",
        "snapshot",
        "volume",
    },
    "iam": {"instance-profile", "role", "user"},
}


def look(search: Search, findings: Findings) -> None:
    """Find what else carries our tag; buckets of other names are asked whether they are there."""
    for found in findings.seen("tagging", "other tagged things", _listed(search)):
        _, _, service, region, _, resource = found["ResourceARN"].split(":", 5)
        if service != "s3":
            findings.holdings += _other(search, found, (service, region, resource))
        elif not by_name(buckets.named, resource, search.where):
            buckets.add(search, findings, resource, told=tags_of(found))


def _listed(search: Search) -> Iterator[Any]:
    one = {"Values": [search.only.stack]} if search.only else {}
    ask = {"TagFilters": [{"Key": TAG, **one}]}
    yield from paged(search.aws.tagging, "get_resources", "ResourceTagMappingList[]", **ask)


def _other(search: Search, found: Any, arn: tuple[str, str, str]) -> Iterator[Holding]:  # noqa: ANN401 - AWS's own description
    service, region, resource = arn  # IAM's things, which lie nowhere, have no region
    kind, *rest = re.split("[:/]", resource, maxsplit=1)
    tags = tags_of(found)
    whose = search.whose(tags, lies=region)
    if whose is None or kind in LISTED.get(service, ()):
        return
    is_ec2 = service == "ec2" and bool(rest)
    what = kind.replace("-", " ") if is_ec2 else f"{service} {kind}"
    yield Holding(
        what,
        rest[0] if is_ec2 else found["ResourceARN"],
        search.aws.region,
        whose,
        name=tags.get("Name", ""),
        charged=Charged(other=what),
        command=_removal(search, kind, rest[0]) if is_ec2 else None,
    )


def _removal(search: Search, kind: str, identifier: str) -> str | None:
    """Return EC2's command for a kind that it deletes by its id, as it does most of them."""
    camel = "".join(map(str.capitalize, kind.split("-")))
    model = search.aws.ec2.meta.service_model
    operation = f"Delete{camel}"
    if operation not in model.operation_names:
        return None
    shape = model.operation_model(operation).input_shape
    if shape is None or f"{camel}Id" not in shape.members:
        return None
    return search.command(f"ec2 delete-{kind} --{kind}-id {quote(identifier)}")
