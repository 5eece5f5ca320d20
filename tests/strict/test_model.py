"""Every call of ours passes botocore's model on its way in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cloud.wire import refusal

from .asking import TAGS, said

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from .asking import Client

FORM = "application/x-www-form-urlencoded"


def bad(ours: Client, service: str, operation: str, **parameters: object) -> str:
    """Send what botocore's own check would not let out, and return what the cloud says."""
    client = ours(service)
    client.meta.config.parameter_validation = False
    client._serializer = client._serializer  # noqa: SLF001 - the check is in the serializer
    unchecked = getattr(client._serializer, "_serializer", client._serializer)  # noqa: SLF001 - likewise
    client._serializer = unchecked  # noqa: SLF001 - likewise
    return said(getattr(client, operation), **parameters)


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "words"),
    [
        ("ec2", "delete_volume", {}, "VolumeId is missing"),
        (
            *("ec2", "describe_instance_type_offerings", {"LocationType": "zone"}),
            "LocationType is 'zone', none of region",
        ),
        ("ec2", "terminate_instances", {}, "InstanceIds is missing"),
        ("ec2", "describe_vpcs", {"MaxResults": 1}, "MaxResults is 1, not 5 to 1000"),
        ("iam", "get_user", {"UserName": "a b"}, "UserName is 'a b', which does not fit"),
        ("iam", "create_user", {"UserName": "x" * 65, "Tags": TAGS}, "UserName is 65 characters"),
        ("s3", "put_bucket_versioning", {"Bucket": "b"}, "VersioningConfiguration is missing"),
        (
            *("s3", "create_bucket", {"Bucket": "bbb", "ObjectOwnership": "Mine"}),
            "ObjectOwnership is 'Mine'",
        ),
        ("ec2-instance-connect", "send_ssh_public_key", {"InstanceId": "i-1"}, "is missing"),
    ],
)
def test_what_the_model_does_not_allow_is_refused_by_name(
    ours: Client, service: str, operation: str, parameters: dict[str, Any], words: str
) -> None:
    assert words in bad(ours, service, operation, **parameters)


def test_unknown_parameters_and_operations_are_refused_by_name(cloud: StrictCloud) -> None:
    told = ask(cloud, {"Action": "DescribeVpcs", "VpcName.1": "x"})
    assert "unknown parameter VpcName" in told
    assert "unknown operation" in ask(cloud, {"Action": "DescribeClouds"})


def ask(cloud: StrictCloud, form: dict[str, str], agent: str = "mlflow-ops/0") -> str:
    """Send a form as EC2's clients do, signed by nobody."""
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415
    from urllib.parse import urlencode  # noqa: PLC0415

    scope = "AWS4-HMAC-SHA256 Credential=testing/20261123/us-east-1/ec2/aws4_request, x"
    headers = {"Authorization": scope, "User-Agent": agent, "Content-Type": FORM}
    sent = urllib.request.Request(cloud.endpoint, urlencode(form).encode(), headers)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(sent, timeout=60)
    return caught.value.read().decode()


def test_the_tests_own_calls_are_not_judged(cloud: StrictCloud) -> None:
    assert cloud.client("ec2").describe_vpcs(MaxResults=5)["Vpcs"]
    cloud.client("iam").create_user(UserName="no-tag")


def test_a_switched_off_model_judges_nothing(cloud: StrictCloud, ours: Client) -> None:
    cloud.model.on = False
    assert "does not fit" not in bad(ours, "iam", "get_user", UserName="a b")


@pytest.mark.parametrize("service", ["ec2", "iam", "s3", "sts", "ssm"])
def test_a_refusal_is_in_the_service_s_own_words(
    cloud: StrictCloud, ours: Client, service: str
) -> None:
    calls = {
        "ec2": "describe_vpcs",
        "iam": "list_users",
        "s3": "list_buckets",
        "sts": "get_caller_identity",
        "ssm": "describe_parameters",
    }
    with cloud.also(lambda call, _: refusal(call, "SomeCode", "not <you> & yours", 409)):
        assert "(SomeCode)" in (told := said(getattr(ours(service), calls[service])))
    assert "not <you> & yours" in told
