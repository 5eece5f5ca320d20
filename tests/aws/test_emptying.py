"""The emptying of buckets: big ones, busy ones, and ones that keep something."""

from __future__ import annotations

import json
from dataclasses import replace
from threading import Event, Thread, current_thread
from typing import TYPE_CHECKING, Any

import pytest
from cloud import backends
from cloud.filling import fill
from cloud.front import MOTO
from cloud.wire import Answer, Ask, Call, answer, refusal
from moto.s3.models import FakeKey

from mlflow_ops.at_once import at_once
from mlflow_ops.errors import AwsRefused, Locked
from mlflow_ops.s3 import buckets
from mlflow_ops.stack import Voice
from mlflow_ops.steps import bucket
from mlflow_ops.wait import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.server import StrictCloud

    from mlflow_ops.stack import Stack


def listing(call: Call, ask: Ask) -> Answer:
    """List as S3 does: 1,000 at a time, and on from a marker whose object is gone.

    moto copies the whole bucket for each answer, and ends where it does not find the marker.
    """
    if call.operation != "ListObjectVersions":
        return ask()
    since = (call.parameters.get("KeyMarker", ""), call.parameters.get("VersionIdMarker", ""))
    with MOTO:
        keys = backends.s3().get_bucket(call.parameters["Bucket"]).keys
        held = [(k, str(v.version_id), v) for k, versions in keys.iterlists() for v in versions]
    rest = sorted(each for each in held if each[:2] > since)
    page, more = rest[:1_000], len(rest) > 1_000
    said = "".join(
        f"<{kind}><Key>{key}</Key><VersionId>{version}</VersionId><Size>4</Size></{kind}>"
        for key, version, thing in page
        for kind in ("Version" if isinstance(thing, FakeKey) else "DeleteMarker",)
    )
    if more:
        key, version, _ = page[-1]
        said += f"<NextKeyMarker>{key}</NextKeyMarker>"
        said += f"<NextVersionIdMarker>{version}</NextVersionIdMarker>"
    truncated = f"<IsTruncated>{str(more).lower()}</IsTruncated>"
    return answer(f"<ListVersionsResult>{truncated}{said}</ListVersionsResult>")


def test_twenty_thousand_versions_and_markers_go_with_the_uploads_and_show_how_far(
    stack: Stack, cloud: StrictCloud
) -> None:
    shown: list[str] = []
    record = bucket.create(stack)
    fill(record.id, objects=6_000, versions=3, markers=2_000, uploads=20)
    with cloud.also(listing):
        assert buckets.size(stack.aws.s3, record.id) == (18_000, 72_000)
        bucket.destroy(replace(stack, voice=Voice(show=shown.append)), record)
    assert cloud.holdings()["buckets"] == []
    assert shown[0] == "1,000 of 8,000 or more objects deleted"
    assert shown[-1] == "20,000 of 20,000 objects deleted"
    assert len(shown) == 20


@pytest.fixture
def paged(stack: Stack) -> list[int]:
    """Give the stack's S3 client pages of three, whatever it asks for, and count them."""
    events: Any = stack.aws.s3.meta.events
    asked: list[int] = []

    def shorten(params: dict[str, Any], **_: object) -> None:
        asked.append(params["MaxKeys"])
        params["MaxKeys"] = 3

    events.register("provide-client-params.s3.ListObjectVersions", shorten)
    return asked


def test_what_is_on_later_pages_is_counted_and_goes_too(
    stack: Stack, cloud: StrictCloud, paged: list[int]
) -> None:
    record, s3 = bucket.create(stack), cloud.client("s3")
    for number in range(10):
        s3.put_object(Bucket=record.id, Key=f"{number}", Body=b"xy")
    assert buckets.size(stack.aws.s3, record.id) == (10, 20)
    assert len(paged) == 4
    bucket.destroy(stack, record)
    assert cloud.holdings()["buckets"] == []


def test_who_lost_the_stack_to_somebody_else_meanwhile_stops_deleting(stack: Stack) -> None:
    def lost() -> None:
        raise Locked("lost its hold")

    record = bucket.create(stack)
    fill(record.id, objects=9_500)
    with pytest.raises(Locked):
        bucket.destroy(replace(stack, check_hold=lost), record)
    assert stack.aws.s3.list_object_versions(Bucket=record.id, MaxKeys=1)["Versions"]


def test_objects_that_arrive_meanwhile_go_too(stack: Stack, cloud: StrictCloud) -> None:
    record, late = bucket.create(stack), iter("ab")

    def arriving(call: Call, ask: Ask) -> Answer:
        if call.operation == "DeleteBucket" and (key := next(late, None)):
            cloud.client("s3").put_object(Bucket=record.id, Key=key)
        return ask()

    with cloud.also(arriving):
        bucket.destroy(stack, record)
    assert cloud.holdings()["buckets"] == []


@pytest.mark.parametrize("status", [200, 503])
def test_while_s3_is_busy_objects_are_deleted_again(
    stack: Stack, cloud: StrictCloud, status: int
) -> None:
    record, left = bucket.create(stack), ["b", "a"]
    for key in left:
        cloud.client("s3").put_object(Bucket=record.id, Key=key)

    def busy(call: Call, ask: Ask) -> Answer:
        if call.operation != "DeleteObjects" or not left:
            return ask()
        key = left.pop()
        error = f"<Error><Key>{key}</Key><VersionId>null</VersionId><Code>SlowDown</Code></Error>"
        said = answer(f"<DeleteResult>{error}</DeleteResult>")
        return said if status == 200 else refusal(call, "SlowDown", "slow down", status)

    # botocore would wait for seconds before it asks again.
    patient = replace(stack, clock=Clock(stack.clock.now, lambda _: None))
    events: Any = stack.aws.s3.meta.events
    events.unregister("needs-retry.s3", unique_id="retry-config-s3")
    with cloud.also(busy):
        bucket.destroy(patient, record)
    assert (cloud.holdings()["buckets"], left) == ([], [])


def test_an_object_that_s3_keeps_is_named_and_the_rest_goes(
    stack: Stack, cloud: StrictCloud
) -> None:
    record, s3 = bucket.create(stack), cloud.client("s3")
    for key in ("a", "locked", "z"):
        s3.put_object(Bucket=record.id, Key=key)
    s3.create_multipart_upload(Bucket=record.id, Key="c")
    where = f"arn:aws:s3:::{record.id}/locked"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": where}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    s3.put_bucket_policy(Bucket=record.id, Policy=policy)
    with pytest.raises(AwsRefused, match="'locked' \\(version null\\): AccessDenied"):
        bucket.destroy(stack, record)
    assert [each["Key"] for each in s3.list_objects_v2(Bucket=record.id)["Contents"]] == ["locked"]
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=record.id)


def test_who_stops_the_emptying_waits_for_no_answer() -> None:
    never, begun = Event(), Event()
    workers: list[Thread] = []

    def work(_: int) -> bool:
        workers.append(current_thread())
        begun.set()
        return never.wait()

    def endless() -> Iterator[int]:
        yield 1
        begun.wait()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(at_once(work, endless()))
    assert [worker.daemon for worker in workers] == [True]  # Python's own end does not wait either
    never.set()
