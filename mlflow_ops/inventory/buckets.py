"""The buckets of ours in a region, and the commands that empty one to the last version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.inventory.holding import Holding, when
from mlflow_ops.inventory.search import paged, tags_of
from mlflow_ops.names import KEPT_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.inventory.search import Search
    from mlflow_ops.names import Names

KIND = "bucket"
PREFIX = "mlflow-ops-"
# `aws s3 rb --force` removes no older version: thousand by thousand, until AWS deletes no more.
EMPTY = (
    "while aws s3api list-object-versions --bucket {name} --no-paginate --output json --query "
    "'{{Objects: [Versions, DeleteMarkers][][].{{Key: Key, VersionId: VersionId}}}}'{options} "
    "| aws s3api delete-objects --bucket {name} --delete file:///dev/stdin --output text "
    "--query \"Deleted && 'more'\"{options} 2>/dev/null | grep -q more; do :; done"
)


def look(search: Search) -> Iterator[Holding]:
    """Yield the buckets that have a name of ours."""
    for name, made in _named(search):
        if holding := of_name(search, name, made):
            yield holding


def of_name(search: Search, name: str, made: Any = None) -> Holding | None:  # noqa: ANN401 - a time, as the SDK gives it
    """Return the bucket when it is there and ours."""
    tags = _tags(search, name)
    whose = search.whose(tags, name, named) if tags is not None else None
    if tags is None or whose is None:
        return None
    delete = search.command(f"s3api delete-bucket --bucket {name}")
    return Holding(
        KIND,
        name,
        search.aws.region,
        whose,
        name=name,
        made=when(made),
        cost_per_day=None,
        command=f"{EMPTY.format(name=name, options=search.options)}; {delete}",
        alive="kept" if KEPT_TAG in tags else "",
    )


def named(names: Names) -> str:
    """Return the name of a stack's bucket."""
    return names.bucket


def _named(search: Search) -> Iterator[tuple[str, Any]]:
    if search.only:
        yield search.only.bucket, None
        return
    pages = {"PageSize": 1000}  # the most that AWS gives; without a size it gives no pages
    place = {"Prefix": PREFIX, "BucketRegion": search.aws.region}
    for found in paged(search.aws.s3, "list_buckets", "Buckets[]", PaginationConfig=pages, **place):
        whose = search.whose({}, found["Name"], named)
        if whose and whose.region == search.aws.region:
            yield found["Name"], found.get("CreationDate")


def _tags(search: Search, name: str) -> dict[str, str] | None:
    """Return the bucket's tags; None for a bucket that is gone."""
    try:
        return tags_of({"Tags": search.aws.s3.get_bucket_tagging(Bucket=name)["TagSet"]})
    except sdk.ClientError as error:
        if code(error) not in {"NoSuchBucket", "NoSuchTagSet"}:
            raise
        return {} if code(error) == "NoSuchTagSet" else None
