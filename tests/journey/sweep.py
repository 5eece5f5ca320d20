"""What of a stack is left in an account, and its removal, without the product's own code."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from mlflow_ops.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from journey.place import Place

DEADLINE = 900.0
STANDING = ("pending", "running", "shutting-down", "stopping", "stopped")


def remains(place: Place) -> list[str]:
    """Return the ids of all that carries the stack's tag, or has its name in IAM and S3."""
    ec2 = place.account.client("ec2", place.names.region)
    return [
        *_instances(ec2, place),
        *(each["VolumeId"] for each in _tagged(ec2.describe_volumes, place)["Volumes"]),
        *_groups(ec2, place),
        *_key_pairs(ec2, place),
        *_buckets(place),
        *_users(place),
    ]


def sweep(place: Place) -> None:
    """Remove it all."""
    ec2 = place.account.client("ec2", place.names.region)
    if found := _instances(ec2, place):
        ec2.terminate_instances(InstanceIds=found)
        until("its end", lambda: not _instances(ec2, place), deadline=DEADLINE)
    for group in _groups(ec2, place):
        until("the group to be free", lambda: _freed(ec2, group), deadline=DEADLINE)  # noqa: B023 - it waits within the turn
    for pair in _key_pairs(ec2, place):
        ec2.delete_key_pair(KeyName=pair)
    for bucket in _buckets(place):
        _empty(place, bucket)
    for user in _users(place):
        _drop(place.account.client("iam"), user)


def _tagged(ask: Any, place: Place) -> Any:  # noqa: ANN401 - AWS's own descriptions
    return ask(Filters=place.names.filters)


def _instances(ec2: Any, place: Place) -> list[str]:  # noqa: ANN401 - one of boto3's clients
    found = _tagged(ec2.describe_instances, place)["Reservations"]
    listed = [instance for reservation in found for instance in reservation["Instances"]]
    return [each["InstanceId"] for each in listed if each["State"]["Name"] in STANDING]


def _groups(ec2: Any, place: Place) -> list[str]:  # noqa: ANN401 - one of boto3's clients
    found = _tagged(ec2.describe_security_groups, place)["SecurityGroups"]
    return [each["GroupId"] for each in found]


def _key_pairs(ec2: Any, place: Place) -> list[str]:  # noqa: ANN401 - one of boto3's clients
    return [each["KeyName"] for each in _tagged(ec2.describe_key_pairs, place)["KeyPairs"]]


def _buckets(place: Place) -> Iterator[str]:
    with contextlib.suppress(ClientError):
        place.account.client("s3", place.names.region).head_bucket(Bucket=place.names.bucket)
        yield place.names.bucket


def _users(place: Place) -> Iterator[str]:
    with contextlib.suppress(ClientError):
        place.account.client("iam").get_user(UserName=place.names.base)
        yield place.names.base


def _freed(ec2: Any, group: str) -> bool:  # noqa: ANN401 - one of boto3's clients
    with contextlib.suppress(ClientError):
        ec2.delete_security_group(GroupId=group)
        return True
    return False


def _empty(place: Place, bucket: str) -> None:
    s3 = place.account.client("s3", place.names.region)
    while page := _versions(s3, bucket):
        s3.delete_objects(Bucket=bucket, Delete={"Objects": page})
    s3.delete_bucket(Bucket=bucket)


def _versions(s3: Any, bucket: str) -> list[dict[str, str]]:  # noqa: ANN401 - one of boto3's clients
    page = s3.list_object_versions(Bucket=bucket)
    found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
    return [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]


def _drop(iam: Any, user: str) -> None:  # noqa: ANN401 - one of boto3's clients
    for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    for policy in iam.list_user_policies(UserName=user)["PolicyNames"]:
        iam.delete_user_policy(UserName=user, PolicyName=policy)
    for policy in iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=user, PolicyArn=policy["PolicyArn"])
    iam.delete_user(UserName=user)
