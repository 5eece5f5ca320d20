"""Every request becomes a call in botocore's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .asking import TAGS, said

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from .asking import Client

FORM = "application/x-www-form-urlencoded"


class Seen:
    """Remembers the calls that pass."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def __call__(self, call: Call, ask: Ask) -> Answer:
        self.calls.append(call)
        return ask()


@pytest.fixture
def seen(cloud: StrictCloud) -> Any:  # noqa: ANN401 - a generator of a fixture
    watcher = Seen()
    with cloud.also(watcher):
        yield watcher.calls


def test_ec2_s_forms_become_nested_parameters(ours: Client, seen: list[Call]) -> None:
    wanted = {
        "Filters": [{"Name": "tag:a", "Values": ["b", "c.d"]}, {"Name": "vpc-id", "Values": ["v"]}],
        "MaxResults": 7,
    }
    ours("ec2", "eu-west-1").describe_instances(**wanted)
    assert (seen[-1].service, seen[-1].operation) == ("ec2", "DescribeInstances")
    assert seen[-1].parameters == wanted
    assert (seen[-1].region, seen[-1].key_id, seen[-1].ours) == ("eu-west-1", "testing", True)


def test_a_blob_comes_decoded(ours: Client, seen: list[Call]) -> None:
    key = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGzG5xUqSTZsIHhCZmkjPTfGZUXTMHBXpZ2xbkqxWFIk"
    specifications = [{"ResourceType": "key-pair", "Tags": TAGS}]
    ours("ec2").import_key_pair(
        KeyName="k", PublicKeyMaterial=key, TagSpecifications=specifications
    )
    assert seen[-1].parameters["PublicKeyMaterial"] == key
    assert seen[-1].parameters["TagSpecifications"] == specifications


def test_iam_s_forms_and_empty_lists_are_read(ours: Client, seen: list[Call]) -> None:
    ours("iam").create_user(UserName="u", Path="/mlflow-ops/", Tags=TAGS)
    assert seen[-1].parameters == {"UserName": "u", "Path": "/mlflow-ops/", "Tags": TAGS}


def test_s3_s_paths_queries_headers_and_bodies_are_read(ours: Client, seen: list[Call]) -> None:
    s3 = ours("s3")
    place = {"Tags": [*TAGS, {"Key": "a", "Value": "b"}]}
    s3.create_bucket(
        Bucket="one", CreateBucketConfiguration=place, ObjectOwnership="BucketOwnerEnforced"
    )
    assert seen[-1].parameters["CreateBucketConfiguration"] == place
    assert seen[-1].parameters["ObjectOwnership"] == "BucketOwnerEnforced"
    s3.put_object(Bucket="one", Key="a/b c+d&e", Body=b"123")
    assert (seen[-1].operation, seen[-1].parameters["Key"]) == ("PutObject", "a/b c+d&e")
    assert s3.get_object(Bucket="one", Key="a/b c+d&e")["Body"].read() == b"123"
    s3.delete_objects(Bucket="one", Delete={"Objects": [{"Key": "x"}], "Quiet": True})
    assert seen[-1].parameters["Delete"] == {"Objects": [{"Key": "x"}], "Quiet": True}


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("list_buckets", {}),
        ("head_bucket", {}),
        ("list_objects_v2", {"MaxKeys": 5}),
        ("list_object_versions", {"Prefix": "a"}),
        ("list_multipart_uploads", {}),
        ("get_bucket_tagging", {}),
        ("get_bucket_location", {}),
        ("get_bucket_versioning", {}),
        ("get_bucket_ownership_controls", {}),
        ("head_object", {"Key": "k"}),
        ("create_multipart_upload", {"Key": "k"}),
        ("copy_object", {"Key": "l", "CopySource": "one/k"}),
        ("delete_object", {"Key": "k"}),
        ("delete_public_access_block", {}),
    ],
)
def test_each_call_to_s3_is_known_by_its_own_name(
    ours: Client, seen: list[Call], operation: str, parameters: dict[str, Any]
) -> None:
    s3 = ours("s3")
    place = {"Tags": TAGS}
    s3.create_bucket(
        Bucket="one", CreateBucketConfiguration=place, ObjectOwnership="BucketOwnerEnforced"
    )
    s3.put_bucket_tagging(Bucket="one", Tagging={"TagSet": TAGS})
    s3.put_object(Bucket="one", Key="k", Body=b"")
    bucket = {} if operation == "list_buckets" else {"Bucket": "one"}
    getattr(s3, operation)(**bucket, **parameters)
    assert seen[-1].operation == "".join(word.capitalize() for word in operation.split("_"))
    assert seen[-1].parameters.items() >= {**bucket, **parameters}.items()
    assert seen[-1].wrong == ()


def test_json_services_are_read(ours: Client, seen: list[Call]) -> None:
    said(ours("ssm").get_parameter, Name="/nothing")
    assert seen[-1].parameters == {"Name": "/nothing"}
    ours("resourcegroupstaggingapi").get_resources(TagFilters=[{"Key": "a", "Values": ["b"]}])
    assert str(seen[-1]) == "resourcegroupstaggingapi:GetResources"
    assert seen[-1].parameters == {"TagFilters": [{"Key": "a", "Values": ["b"]}]}
