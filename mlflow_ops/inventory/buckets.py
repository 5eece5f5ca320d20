"""The buckets of ours in a region, and the commands that empty one to the last version."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.inventory.charged import Charged
from mlflow_ops.inventory.holding import UNKNOWN, Holding, when
from mlflow_ops.inventory.search import paged, tags_of
from mlflow_ops.names import KEPT_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow_ops.inventory.found import Findings
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


def look(search: Search, findings: Findings) -> None:
    """Find the buckets that have a name of ours."""
    for name, made in findings.seen("s3", "buckets", _named(search)):
        add(search, findings, name, made=when(made))


def add(
    search: Search,
    findings: Findings,
    name: str,
    *,
    told: Mapping[str, str] | None = None,
    made: str | None = None,
) -> None:
    """Add the bucket when it is there and ours; `told` are its tags where it does not show them."""
    what = f"tags of bucket {name}"
    shown = findings.seen("s3", what, _tags(search, name))
    holdings = [_holding(search, name, tags, made) for tags in shown]
    if what in findings.unseen and search.only is None:
        unknown = _holding(search, name, told or {}, made)
        holdings = [unknown and replace(unknown, alive=UNKNOWN)]
    findings.holdings += filter(None, holdings)


def _holding(
    search: Search, name: str, tags: Mapping[str, str], made: str | None
) -> Holding | None:
    whose = search.whose(tags, name, named, lies=search.aws.region)
    if whose is None:
        return None
    delete = search.command(f"s3api delete-bucket --bucket {name}")
    return Holding(
        KIND,
        name,
        search.aws.region,
        whose,
        name=name,
        made=made,
        charged=Charged(other=KIND),
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


def _tags(search: Search, name: str) -> Iterator[dict[str, str]]:
    """Yield the bucket's tags; nothing for a bucket that is gone."""
    try:
        yield tags_of({"Tags": search.aws.s3.get_bucket_tagging(Bucket=name)["TagSet"]})
    except sdk.ClientError as error:
        if code(error) not in {"NoSuchBucket", "NoSuchTagSet"}:
            raise
        if code(error) == "NoSuchTagSet":
            yield {}
