"""What S3 refuses, and buckets that are full in no time."""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

from cloud import backends
from cloud.filling import fill

from .asking import TAGS, refused

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from .asking import Client

OWN = "mlflow-ops-x-123456789012-us-east-1-an"


def make(s3: Any, name: str = "one", **more: Any) -> None:  # noqa: ANN401 - boto3's client, and what it takes
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"Tags": TAGS}, **more)


def test_a_name_just_deleted_is_not_free_at_once(cloud: StrictCloud, ours: Client) -> None:
    cloud.buckets.unavailable = 2
    s3 = ours("s3")
    make(s3)
    s3.delete_bucket(Bucket="one")
    assert [refused(make, s3=s3) for _ in range(2)] == ["OperationAborted"] * 2
    make(s3)


def test_a_name_of_the_account_s_own_needs_its_namespace(ours: Client) -> None:
    s3 = ours("s3")
    assert refused(make, s3=s3, name=OWN) == "InvalidBucketName"
    foreign = OWN.replace("123456789012", "999999999999")
    regional = {"BucketNamespace": "account-regional"}
    assert refused(make, s3=s3, name=foreign, **regional) == "InvalidBucketName"
    assert refused(make, s3=s3, name="one", **regional) == "InvalidBucketName"
    make(s3, OWN, **regional)


def test_somebody_else_s_bucket_is_closed_and_its_name_taken(
    cloud: StrictCloud, ours: Client
) -> None:
    cloud.buckets.foreign = {"theirs"}
    s3 = ours("s3")
    assert refused(make, s3=s3, name="theirs") == "BucketAlreadyExists"
    assert refused(s3.head_bucket, Bucket="theirs") == "403"
    assert refused(s3.get_bucket_tagging, Bucket="theirs") == "AccessDenied"
    assert refused(s3.head_bucket, Bucket="nobody-s") == "404"
    make(s3)
    assert refused(s3.head_bucket, Bucket="one", ExpectedBucketOwner="9" * 12) == "403"


def test_one_call_deletes_one_to_a_thousand_keys(cloud: StrictCloud) -> None:
    s3 = cloud.client("s3")
    make(s3)
    keys = [{"Key": str(number)} for number in range(1001)]
    s3.delete_objects(Bucket="one", Delete={"Objects": keys[:1000]})
    assert refused(s3.delete_objects, Bucket="one", Delete={"Objects": keys}) == "MalformedXML"
    assert refused(s3.delete_objects, Bucket="one", Delete={"Objects": []}) == "MalformedXML"


def test_errors_come_inside_an_answer_that_says_200(cloud: StrictCloud, ours: Client) -> None:
    s3 = ours("s3")
    make(s3)
    for key in "abc":
        s3.put_object(Bucket="one", Key=key, Body=b"")
    cloud.buckets.failing = {"a": iter(["SlowDown"]), "b": repeat("AccessDenied")}
    every = {"Objects": [{"Key": key} for key in "abc"]}
    found = [s3.delete_objects(Bucket="one", Delete=every) for _ in range(2)]
    codes = [{e["Key"]: e["Code"] for e in answer.get("Errors", [])} for answer in found]
    assert codes == [{"a": "SlowDown", "b": "AccessDenied"}, {"b": "AccessDenied"}]
    assert [one["Key"] for one in found[0]["Deleted"]] == ["c"]
    assert [one["Key"] for one in s3.list_objects_v2(Bucket="one")["Contents"]] == ["b"]


def test_a_bucket_goes_when_no_version_and_no_marker_is_left(ours: Client) -> None:
    s3 = ours("s3")
    make(s3)
    fill("one", 1, versions=2, markers=1, uploads=1)
    page = s3.list_object_versions(Bucket="one")
    for one in [*page["Versions"], *page["DeleteMarkers"]]:
        assert refused(s3.delete_bucket, Bucket="one") == "BucketNotEmpty"
        s3.delete_object(Bucket="one", Key=one["Key"], VersionId=one["VersionId"])
    # AWS keeps a general purpose bucket from going for its objects, not for open uploads.
    assert len(s3.list_multipart_uploads(Bucket="one")["Uploads"]) == 1
    s3.delete_bucket(Bucket="one")


def test_twenty_thousand_objects_are_put_there_at_once(cloud: StrictCloud, ours: Client) -> None:
    s3 = ours("s3")
    make(s3)
    fill("one", 8000, versions=2, markers=4000, uploads=50)
    held = list(backends.s3().get_bucket("one").keys.iterlists())
    assert (len(held), sum(len(versions) for _, versions in held)) == (12_000, 20_000)
    page = s3.list_object_versions(Bucket="one")
    assert (page["IsTruncated"], len(page["DeleteMarkers"])) == (True, 1000)
    assert len(s3.list_multipart_uploads(Bucket="one")["Uploads"]) == 50
    found = s3.get_object(Bucket="one", Key="runs/000001/artifact.bin")
    assert found["Body"].read() == b"data"
    cloud.reset()
