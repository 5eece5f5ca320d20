"""What `mlflow-ops audit` looks at comes in pages, the first of which may be empty."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from aws import remains
from cloud import backends
from cloud.wire import answer

from mlflow_ops import audit as audits
from mlflow_ops.names import Names

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from mlflow_ops.stack import Stack

HERE = "us-east-1"
NAMES = Names("mlflow", backends.ACCOUNT, HERE)
# Of those that AWS answers in pages, moto reads any token for these.
PAGED = {
    f"Describe{kind}"
    for kind in ("NetworkInterfaces", "Volumes", "Images", "Snapshots", "SecurityGroups")
}


def test_a_bucket_on_the_third_page_is_found(stack: Stack, cloud: StrictCloud) -> None:
    for number in range(2_000):
        backends.s3().create_bucket(f"mlflow-ops-of-somebody-{number:04}", HERE)
    last = replace(NAMES, stack="z")
    remains.bucket(cloud, last)
    asked = []

    def in_pages(call: Call, ask: Ask) -> Answer:
        """Page as AWS does, and moto does not."""
        if call.operation != "ListBuckets":
            return ask()
        asked.append(call.parameters)
        after = call.parameters.get("ContinuationToken", "")
        names = sorted(name for name in backends.s3().buckets if name > after)
        page = names[: int(call.parameters["MaxBuckets"])]
        token = f"<ContinuationToken>{page[-1]}</ContinuationToken>" if page != names else ""
        items = "".join(f"<Bucket><Name>{name}</Name></Bucket>" for name in page)
        root = "ListAllMyBucketsResult"
        return answer(f"<{root}><Buckets>{items}</Buckets>{token}</{root}>")

    with cloud.also(in_pages):
        [found] = audits.audit(stack.aws, [HERE]).stacks
    assert [owned.holding.id for owned in found.holdings] == [last.bucket]
    assert len(asked) == 3
    assert all(page["Prefix"] == "mlflow-ops-" and page["BucketRegion"] == HERE for page in asked)


def test_a_first_page_with_nothing_on_it_is_not_the_end(stack: Stack, cloud: StrictCloud) -> None:
    """AWS filters after it has cut an answer into pages."""
    remains.all_kinds(cloud, NAMES)

    def turned(call: Call, ask: Ask) -> Answer:
        if call.operation not in PAGED or "NextToken" in call.parameters:
            return ask()
        return answer(
            f"<{call.operation}Response><nextToken>1</nextToken></{call.operation}Response>"
        )

    with cloud.also(turned):
        [found] = audits.audit(stack.aws, [HERE]).stacks
    assert {owned.holding.kind for owned in found.holdings} > set(remains.EC2_KINDS)
