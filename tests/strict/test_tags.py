"""What AWS can tag as it is made carries our tag from the start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .asking import TAGS, launch, refused, said

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from .asking import Client

KEY = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGzG5xUqSTZsIHhCZmkjPTfGZUXTMHBXpZ2xbkqxWFIk"


@pytest.mark.parametrize("kind", ["instance", "volume", "network-interface"])
def test_a_launch_tags_all_that_it_makes(ours: Client, kind: str) -> None:
    wanted = launch()
    wanted["TagSpecifications"] = [
        spec for spec in wanted["TagSpecifications"] if spec["ResourceType"] != kind
    ]
    assert f"mlflow-ops:stack tag: {kind}" in said(ours("ec2").run_instances, **wanted)


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ec2", "import_key_pair", {"KeyName": "k", "PublicKeyMaterial": KEY}),
        ("ec2", "create_security_group", {"GroupName": "g", "Description": "d"}),
        ("ec2", "authorize_security_group_ingress", {"GroupId": "sg-1", "CidrIp": "1.2.3.4/32"}),
        ("iam", "create_user", {"UserName": "u"}),
        ("iam", "create_user", {"UserName": "u", "Tags": [{"Key": "other", "Value": "v"}]}),
        ("s3", "create_bucket", {"Bucket": "one"}),
    ],
)
def test_nothing_is_made_without_our_tag(
    cloud: StrictCloud, ours: Client, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    before = cloud.holdings()
    assert refused(getattr(ours(service), operation), **parameters) == "UntaggedCreate"
    assert cloud.holdings() == before


def test_the_tests_own_calls_may_make_what_they_like(cloud: StrictCloud) -> None:
    cloud.client("s3").create_bucket(Bucket="one")


def test_a_bucket_keeps_the_tags_of_its_creation(ours: Client) -> None:
    s3 = ours("s3")
    s3.create_bucket(Bucket="one", CreateBucketConfiguration={"Tags": TAGS})
    assert s3.get_bucket_tagging(Bucket="one")["TagSet"] == TAGS


def test_an_interface_keeps_the_tags_of_the_launch(ours: Client) -> None:
    ec2 = ours("ec2")
    ec2.run_instances(**launch())
    filters = [{"Name": "tag:mlflow-ops:stack", "Values": ["mlflow"]}]
    assert len(ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"]) == 1
