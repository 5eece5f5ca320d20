"""Instance profiles as AWS has them: known late, of their own ids, and with buckets' policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cloud.by_hand_in_iam import TRUSTED

from .asking import TAGS, launch, refused, said

if TYPE_CHECKING:
    from cloud.server import StrictCloud

    from .asking import Client

NAMED: dict[str, Any] = {"IamInstanceProfile": {"Name": "p"}}


def made(cloud: StrictCloud) -> Any:  # noqa: ANN401 - a client
    """Make a role and a profile without it, and return a client for them."""
    iam = cloud.client("iam")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUSTED)
    iam.create_instance_profile(InstanceProfileName="p")
    return iam


def test_a_new_profile_is_unknown_to_ec2_at_first(cloud: StrictCloud, ours: Client) -> None:
    iam, ec2 = made(cloud), ours("ec2")
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    cloud.profiles.unknown = 2
    for _ in range(2):
        assert "(InvalidParameterValue)" in said(ec2.run_instances, **launch(**NAMED))
    found = ec2.run_instances(**launch(**NAMED))["Instances"][0]
    [described] = cloud.client("ec2").describe_instances(InstanceIds=[found["InstanceId"]])[
        "Reservations"
    ]
    held = iam.get_instance_profile(InstanceProfileName="p")["InstanceProfile"]
    assert described["Instances"][0]["IamInstanceProfile"]["Id"] == held["InstanceProfileId"]
    assert held["InstanceProfileId"].startswith("AIPA")


def test_a_profile_that_is_not_there_or_is_empty_is_refused(
    cloud: StrictCloud, ours: Client
) -> None:
    ec2 = ours("ec2")
    assert "Invalid IAM Instance Profile" in said(ec2.run_instances, **launch(**NAMED))
    made(cloud)
    cloud.profiles.unknown = 0
    assert "has no associated IAM Roles" in said(ec2.run_instances, **launch(**NAMED))


def test_what_is_in_use_cannot_be_deleted(cloud: StrictCloud, ours: Client) -> None:
    iam = made(cloud)
    iam.add_role_to_instance_profile(InstanceProfileName="p", RoleName="r")
    delete = ours("iam").delete_instance_profile
    assert refused(delete, InstanceProfileName="p") == "DeleteConflict"
    assert refused(ours("iam").delete_role, RoleName="r") == "DeleteConflict"


def test_a_role_or_a_profile_without_our_tag_is_refused(cloud: StrictCloud, ours: Client) -> None:
    del cloud  # which the client is of
    iam = ours("iam")
    role = {"RoleName": "r", "AssumeRolePolicyDocument": TRUSTED}
    assert refused(iam.create_role, **role) == "UntaggedCreate"
    assert refused(iam.create_instance_profile, InstanceProfileName="p") == "UntaggedCreate"
    iam.create_role(**role, Tags=TAGS)


def test_a_public_policy_is_refused_while_the_bucket_is_closed(
    cloud: StrictCloud, ours: Client
) -> None:
    s3, mine = cloud.client("s3"), ours("s3")
    s3.create_bucket(Bucket="bucket")
    public = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [public]})
    mine.put_bucket_policy(Bucket="bucket", Policy=policy)
    block: Any = {"BlockPublicPolicy": True}
    s3.put_public_access_block(Bucket="bucket", PublicAccessBlockConfiguration=block)
    assert refused(mine.put_bucket_policy, Bucket="bucket", Policy=policy) == "AccessDenied"
