"""An account in which each kind of thing that can be left behind was left behind once."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from cloud import account
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mlflow_ops import policies
from mlflow_ops.lease.holder import TOKEN, UNTIL
from mlflow_ops.names import IAM_PATH

if TYPE_CHECKING:
    from cloud.account import Account

    from mlflow_ops.names import Names

EC2_KINDS = ["instance", "network interface", "elastic IP", "volume", "image", "snapshot"]
EC2_KINDS += ["security group", "key pair", "lock"]
USER_KINDS = ["access key", "inline policy", "attached policy", "group", "login profile"]
USER_KINDS += ["MFA device", "IAM user"]
ROLE_KINDS = ["role in the profile", "instance profile", "inline policy", "attached policy"]
ROLE_KINDS += ["IAM role"]
DOCUMENT = json.dumps(policies.server_policy("some-bucket"))


def all_kinds(cloud: Account, names: Names) -> None:
    """Leave one of each kind in the account, under the stack's names and tags."""
    compute(cloud, names)
    lock(cloud, names, timedelta(minutes=-1))
    bucket(cloud, names)
    user(cloud, names)
    role(cloud, names)


def tagged(kind: str, names: Names) -> Any:  # noqa: ANN401 - a parameter of AWS's
    """Return the tags of a stack for a call that makes this kind."""
    return [{"ResourceType": kind, "Tags": names.tags}]


def instance(cloud: Account, names: Names, **more: Any) -> str:  # noqa: ANN401 - parameters of RunInstances
    """Launch an instance of the stack's."""
    kinds = ("instance", "volume", "network-interface")
    specs = [spec for kind in kinds for spec in tagged(kind, names)]
    launched = cloud.client("ec2", names.region).run_instances(
        ImageId=account.IMAGE,
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=specs,
        **more,
    )
    return str(launched["Instances"][0]["InstanceId"])


def compute(cloud: Account, names: Names) -> None:
    """Leave one of each kind of EC2's: most of them in use by another."""
    ec2 = cloud.client("ec2", names.region)
    group = ec2.create_security_group(
        GroupName=names.base,
        Description="left behind",
        TagSpecifications=tagged("security-group", names),
    )["GroupId"]
    ec2.create_key_pair(KeyName=names.base, TagSpecifications=tagged("key-pair", names))
    running = instance(cloud, names, SecurityGroupIds=[group])
    subnet = ec2.describe_subnets()["Subnets"][0]
    ec2.create_network_interface(
        SubnetId=subnet["SubnetId"],
        Groups=[group],
        TagSpecifications=tagged("network-interface", names),
    )
    ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip", names))
    zone = subnet["AvailabilityZone"]
    volume = ec2.create_volume(
        Size=8,
        VolumeType="gp3",
        AvailabilityZone=zone,
        TagSpecifications=tagged("volume", names),
    )["VolumeId"]
    ec2.create_snapshot(VolumeId=volume, TagSpecifications=tagged("snapshot", names))
    ec2.create_image(InstanceId=running, Name=names.base, TagSpecifications=tagged("image", names))


def lock(cloud: Account, names: Names, left: timedelta) -> None:
    """Leave a lock that has this much time left."""
    public = Ed25519PrivateKey.generate().public_key()
    until = datetime.now(timezone.utc) + left
    own = {"Name": f"{names.base}-lock", UNTIL: until.isoformat(), TOKEN: "a"}
    tags = {tag["Key"]: tag["Value"] for tag in names.tags} | own
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    encoding, form = serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    cloud.client("ec2", names.region).import_key_pair(
        KeyName=f"{names.base}-lock",
        PublicKeyMaterial=public.public_bytes(encoding, form),
        TagSpecifications=[{"ResourceType": "key-pair", "Tags": listed}],
    )


def bucket(cloud: Account, names: Names, *extra: str) -> None:
    """Leave a bucket with old versions and a delete marker; `extra` names tags beside the usual."""
    s3, name = cloud.client("s3", names.region), names.bucket
    place = {"CreateBucketConfiguration": {"LocationConstraint": names.region}}
    s3.create_bucket(
        Bucket=name,
        BucketNamespace="account-regional",
        **(place if names.region != "us-east-1" else {}),
    )
    tags = [*names.tags, *({"Key": key, "Value": "yes"} for key in extra)]
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for key in ("a b/c'd.txt", "a b/c'd.txt", "model.pkl"):
        s3.put_object(Bucket=name, Key=key, Body=b"x")
    s3.delete_object(Bucket=name, Key="model.pkl")
    s3.create_multipart_upload(Bucket=name, Key="half")


def user(cloud: Account, names: Names) -> None:
    """Leave a user that has on whatever keeps one from going."""
    iam, name = cloud.client("iam"), names.base
    iam.create_user(UserName=name, Path=IAM_PATH, Tags=names.tags)
    iam.create_access_key(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=DOCUMENT)
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_policy(PolicyName="some", PolicyDocument=DOCUMENT)
    iam.attach_user_policy(UserName=name, PolicyArn=_policy(iam))
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_group(GroupName="people")
    iam.add_user_to_group(UserName=name, GroupName="people")
    iam.create_login_profile(UserName=name, Password="a password of its own")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName=name, SerialNumber=device["SerialNumber"], **codes)


def role(cloud: Account, names: Names) -> None:
    """Leave a role with policies, in an instance profile."""
    iam, name = cloud.client("iam"), names.base
    own = {"Path": IAM_PATH, "Tags": names.tags}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=DOCUMENT, **own)
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=DOCUMENT)
    iam.attach_role_policy(RoleName=name, PolicyArn=_policy(iam))
    iam.create_instance_profile(InstanceProfileName=name, **own)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)


def _policy(iam: Any) -> str:  # noqa: ANN401 - one of boto3's clients
    return str(iam.list_policies(Scope="Local")["Policies"][0]["Arn"])
