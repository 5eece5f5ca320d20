"""What the sandbox's AWS answers, and to whom."""

from __future__ import annotations

import http.client
import io
import os
from typing import TYPE_CHECKING

import botocore.exceptions
import pytest

if TYPE_CHECKING:
    from sandbox.cloud import Cloud

MEGABYTE = 1024 * 1024
PARAMETER = "/aws/service/canonical/ubuntu/server/24.04/stable/current/{}/hvm/ebs-gp3/ami-id"


def ask(cloud: Cloud, path: str = "/", **headers: str) -> int:
    """Send a request that is not signed; return the answer's status."""
    line = http.client.HTTPConnection(cloud.sandbox.endpoint.removeprefix("http://"), timeout=60)
    line.request("GET", path, headers=headers)
    status = line.getresponse().status
    line.close()
    return status


@pytest.mark.parametrize("region", ["us-east-1", "ap-southeast-2"])
@pytest.mark.parametrize(("arch", "architecture"), [("amd64", "x86_64"), ("arm64", "arm64")])
def test_the_ubuntu_parameter_leads_to_an_image(
    common: Cloud, region: str, arch: str, architecture: str
) -> None:
    parameter = common.client("ssm", region).get_parameter(Name=PARAMETER.format(arch))
    ec2 = common.client("ec2", region)
    image = ec2.describe_images(ImageIds=[parameter["Parameter"]["Value"]])["Images"][0]
    assert image["Architecture"] == architecture
    assert image["State"] == "available"
    assert image["RootDeviceName"] == "/dev/sda1"


def test_other_parameters_are_motos_affair(common: Cloud) -> None:
    ssm = common.client("ssm")
    ssm.put_parameter(Name="mine", Value="1", Type="String")
    assert ssm.get_parameter(Name="mine")["Parameter"]["Value"] == "1"
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=PARAMETER.format("riscv64"))


def test_it_has_no_price_list_and_says_so_at_once(common: Cloud) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="The sandbox has none") as refused:
        common.client("pricing").get_products(ServiceCode="AmazonEC2")
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0


def test_canonicals_images_are_found_by_owner_and_name(common: Cloud) -> None:
    pattern = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-*"
    found = common.ec2.describe_images(
        Owners=["099720109477"], Filters=[{"Name": "name", "Values": [pattern]}]
    )["Images"]
    assert [image["Architecture"] for image in found] == ["x86_64"]


def test_no_instance_gets_a_foreign_address(cloud: Cloud) -> None:
    made = cloud.ec2.run_instances(
        ImageId="ami-05a0000000000240a",
        MinCount=2,
        MaxCount=2,
        NetworkInterfaces=[{"DeviceIndex": 0, "AssociatePublicIpAddress": True}],
    )
    ids = [instance["InstanceId"] for instance in made["Instances"]]
    cloud.ec2.stop_instances(InstanceIds=ids)
    cloud.ec2.start_instances(InstanceIds=ids)
    told = cloud.ec2.describe_instances()
    instances = told["Reservations"][0]["Instances"]
    assert {instance["PublicIpAddress"] for instance in instances} == {"127.0.0.1"}
    assert {instance["PublicDnsName"] for instance in instances} == {"localhost"}
    everything = f"{made}{told}{cloud.ec2.describe_network_interfaces()}"
    assert "54.214." not in everything
    assert "compute.amazonaws.com" not in everything


def test_an_unknown_access_key_is_refused_by_every_service(common: Cloud) -> None:
    expected = {
        "ec2": ("describe_instances", "AuthFailure"),
        "iam": ("list_users", "InvalidClientTokenId"),
        "s3": ("list_buckets", "InvalidAccessKeyId"),
        "ssm": ("describe_parameters", "UnrecognizedClientException"),
        "sts": ("get_caller_identity", "InvalidClientTokenId"),
    }
    for service, (call, code) in expected.items():
        client = common.client(service, key="AKIAIOSFODNN7EXAMPLE")
        with pytest.raises(botocore.exceptions.ClientError) as refusal:
            getattr(client, call)()
        assert refusal.value.response["Error"]["Code"] == code


def test_a_key_from_iam_opens_the_api_until_it_is_deleted(common: Cloud) -> None:
    iam = common.client("iam")
    iam.create_user(UserName="server")
    made = iam.create_access_key(UserName="server")["AccessKey"]["AccessKeyId"]
    sts = common.client("sts", key=made)
    assert sts.get_caller_identity()["Arn"].endswith(":user/server")
    iam.delete_access_key(UserName="server", AccessKeyId=made)
    with pytest.raises(botocore.exceptions.ClientError):
        sts.get_caller_identity()


def test_unsigned_requests_and_web_pages_are_refused(common: Cloud) -> None:
    about = "/mlflow-ops/sandbox"
    assert ask(common, about) == 200
    assert ask(common) == 403
    assert ask(common, "/latest/meta-data/iam/security-credentials/") == 403
    assert ask(common, "/moto-api/config") == 403
    assert ask(common, "/moto-api/config", Authorization=f"Bearer {common.sandbox.token}") == 201
    assert ask(common, about, Origin="http://evil.example") == 403
    assert ask(common, about, Host="evil.example:80") == 403


def test_objects_of_every_size_and_shape_come_back_whole(common: Cloud) -> None:
    s3 = common.client("s3", s3={"addressing_style": "path"})
    s3.create_bucket(
        Bucket="models", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    big = os.urandom(20 * MEGABYTE)
    s3.put_object(Bucket="models", Key="a/ö +&.txt", Body=b"small", ChecksumAlgorithm="CRC32")
    s3.upload_fileobj(io.BytesIO(big), "models", "big")
    assert s3.get_object(Bucket="models", Key="a/ö +&.txt")["Body"].read() == b"small"
    assert s3.get_object(Bucket="models", Key="big")["Body"].read() == big
    assert "-3" in s3.head_object(Bucket="models", Key="big")["ETag"]


def test_buckets_have_names_of_their_own_too(common: Cloud) -> None:
    s3 = common.client("s3", s3={"addressing_style": "path"})
    s3.create_bucket(
        Bucket="named", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    s3.put_object(Bucket="named", Key="key", Body=b"value")
    by_address = common.client("s3")
    assert by_address.get_object(Bucket="named", Key="key")["Body"].read() == b"value"
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "named", "Key": "key"})
    signed, port = url.split("?")[1], common.sandbox.endpoint.rsplit(":", 1)[1]
    assert ask(common, f"/named/key?{signed}") == 200
    assert ask(common, f"/key?{signed}", Host=f"named.localhost:{port}") == 200
