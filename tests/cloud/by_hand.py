"""What somebody makes, breaks or attaches by hand in the console, of a stack or beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_ops import policies

if TYPE_CHECKING:
    from .server import StrictCloud

BASE = "mlflow-ops-mlflow-us-east-1"
BUCKET = "mlflow-ops-mlflow-123456789012-us-east-1-an"
TAGS = [
    {"Key": "mlflow-ops:stack", "Value": "mlflow"},
    {"Key": "mlflow-ops:region", "Value": "us-east-1"},
]


def bucket(cloud: StrictCloud) -> None:
    """Make the stack's bucket, with versions, a delete marker and an upload that never ended."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=BUCKET, BucketNamespace="account-regional")
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": TAGS})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"1", b"2"):
        s3.put_object(Bucket=BUCKET, Key="a", Body=body)
    s3.delete_object(Bucket=BUCKET, Key="a")
    s3.create_multipart_upload(Bucket=BUCKET, Key="b")


def tls_only(cloud: StrictCloud) -> None:
    """Make the stack's bucket with the policy that `up --as-taught` takes off."""
    bucket(cloud)
    policy = policies.bucket_policy(BUCKET, "aws", {}, tls_only=True)
    cloud.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policy))


def network(cloud: StrictCloud) -> str:
    """Make the stack's key pair and group, and an instance in it, whose id is returned."""
    ec2 = cloud.client("ec2")
    ec2.create_key_pair(KeyName=BASE, TagSpecifications=_tagged("key-pair"))
    group = ec2.create_security_group(
        GroupName=BASE, Description="ours", TagSpecifications=_tagged("security-group")
    )
    launched = ec2.run_instances(
        ImageId=ec2.describe_images()["Images"][0]["ImageId"],
        MinCount=1,
        MaxCount=1,
        KeyName=BASE,
        SecurityGroupIds=[group["GroupId"]],
        TagSpecifications=_tagged("instance"),
    )
    return str(launched["Instances"][0]["InstanceId"])


def address(cloud: StrictCloud) -> None:
    """Allocate the stack's Elastic IP."""
    ec2 = cloud.client("ec2")
    ec2.allocate_address(Domain="vpc", TagSpecifications=_tagged("elastic-ip"))


def vpc(cloud: StrictCloud) -> str:
    """Make a VPC whose one subnet is public by its route alone, and return its id."""
    ec2 = cloud.client("ec2")
    made = str(ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])
    ec2.create_subnet(VpcId=made, CidrBlock="10.9.0.0/24", AvailabilityZone="us-east-1a")
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(VpcId=made, InternetGatewayId=gateway)
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [made]}])
    route = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": gateway}
    ec2.create_route(RouteTableId=tables["RouteTables"][0]["RouteTableId"], **route)
    return made


def breakage(cloud: StrictCloud) -> None:
    """Break of a ready stack whatever `up` repairs."""
    s3, ec2 = cloud.client("s3"), cloud.client("ec2")
    s3.delete_bucket_tagging(Bucket=BUCKET)
    s3.delete_public_access_block(Bucket=BUCKET)
    s3.delete_bucket_ownership_controls(Bucket=BUCKET)
    only_ours: Any = [{"Name": "tag:mlflow-ops:stack", "Values": ["mlflow"]}]
    [group] = ec2.describe_security_groups(Filters=only_ours)["SecurityGroups"]
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"],
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 1,
                "ToPort": 1,
                "IpRanges": [{"CidrIp": "192.0.2.0/24"}],
            }
        ],
    )
    [found] = ec2.describe_instances(Filters=only_ours)["Reservations"]
    ec2.stop_instances(InstanceIds=[found["Instances"][0]["InstanceId"]])


def unlock(cloud: StrictCloud) -> None:
    """Free the stack, as time does when a command could not."""
    cloud.client("ec2").delete_key_pair(KeyName=f"{BASE}-lock")


def _tagged(kind: str) -> Any:  # noqa: ANN401 - as EC2 takes it
    return [{"ResourceType": kind, "Tags": TAGS}]
