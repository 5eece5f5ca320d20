"""What AWS asks IAM about a call: each action, on each resource, with what is known of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from . import needs_ec2, passing
from .needs_ec2 import ACCOUNT, Need

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .wire import Call

S3 = {
    "HeadBucket": ["ListBucket"],
    "HeadObject": ["GetObject"],
    "ListBuckets": ["ListAllMyBuckets"],
    "ListObjectsV2": ["ListBucket"],
    "ListObjectVersions": ["ListBucketVersions"],
    "ListMultipartUploads": ["ListBucketMultipartUploads"],
    "GetBucketEncryption": ["GetEncryptionConfiguration"],
    "PutBucketEncryption": ["PutEncryptionConfiguration"],
    "GetPublicAccessBlock": ["GetBucketPublicAccessBlock"],
    "PutPublicAccessBlock": ["PutBucketPublicAccessBlock"],
    "DeletePublicAccessBlock": ["PutBucketPublicAccessBlock"],
}
# Actions of IAM's that know no resource.
LISTS = {"ListUsers", "ListRoles", "ListVirtualMFADevices"}
PREFIXES = {"resourcegroupstaggingapi": "tag", "service-quotas": "servicequotas"}


def needs(call: Call) -> list[Need]:
    """Return all that has to be allowed for a call."""
    table: dict[str, Callable[[Call], Iterable[Need]]] = {
        "s3": _s3,
        "iam": _iam,
        "ec2": needs_ec2.asked,
        "ssm": _ssm,
        "ec2-instance-connect": _login,
    }
    asked = [*table.get(call.service, _anything)(call), *passing.passed(call)]
    region = "us-east-1" if call.service == "iam" else call.region
    here = {"aws:RequestedRegion": region}
    return [need._replace(context={**here, **need.context}) for need in asked]


def _anything(call: Call) -> Iterable[Need]:
    yield Need(f"{PREFIXES.get(call.service, call.service)}:{call.operation}")


def _s3(call: Call) -> Iterable[Need]:
    given = call.parameters
    bucket = f"arn:aws:s3:::{given['Bucket']}" if "Bucket" in given else "*"
    if call.operation == "DeleteObjects":
        for each in given["Delete"]["Objects"]:
            yield Need("s3:DeleteObject", f"{bucket}/{each['Key']}")
            if "VersionId" in each:
                yield Need("s3:DeleteObjectVersion", f"{bucket}/{each['Key']}")
        return
    resource = f"{bucket}/{given['Key']}" if "Key" in given else bucket
    for action in S3.get(call.operation, [call.operation]):
        yield Need(f"s3:{action}", resource)
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
    if call.operation == "CreateBucket" and "ObjectOwnership" in given:
        yield Need("s3:PutBucketOwnershipControls", bucket)
    if given.get("CreateBucketConfiguration", {}).get("Tags"):
        yield Need("s3:TagResource", bucket)


def _iam(call: Call) -> Iterable[Need]:
    given = call.parameters
    if call.operation in LISTS:
        yield Need(f"iam:{call.operation}")
        return
    context = {"iam:PolicyARN": given["PolicyArn"]} if "PolicyArn" in given else {}
    resource = given.get("PolicySourceArn") or _resource(call.operation, given)
    yield Need(f"iam:{call.operation}", resource, context)
    if call.operation.startswith("Create") and given.get("Tags"):
        yield Need(f"iam:Tag{call.operation.removeprefix('Create')}", resource)


def _resource(operation: str, given: dict[str, Any]) -> str:
    """Return the ARN of what a call to IAM is about."""
    root = f"arn:aws:iam::{ACCOUNT}"
    if operation in {"AddUserToGroup", "RemoveUserFromGroup"}:
        return f"{root}:group/{given['GroupName']}"
    if operation in {"DeleteVirtualMFADevice", "CreateVirtualMFADevice"}:
        return str(given["SerialNumber"])
    if operation == "ListInstanceProfiles":
        return f"{root}:instance-profile{given.get('PathPrefix', '/')}"
    if "InstanceProfileName" in given:
        return f"{root}:instance-profile{_named('instance_profiles', 'InstanceProfile', given)}"
    if "RoleName" in given:
        return f"{root}:role{_named('roles', 'Role', given)}"
    return f"{root}:user{_named('users', 'User', given)}"


def _named(kind: str, noun: str, given: dict[str, Any]) -> str:
    """Return the path and name that IAM knows a thing by: what is not there has no path."""
    held: dict[str, Any] = getattr(iam_backends[ACCOUNT]["aws"], kind)
    name = given[f"{noun}Name"]
    found = next((each for each in held.values() if each.name == name), None)
    return f"{found.path if found else given.get('Path', '/')}{name}"


def _ssm(call: Call) -> Iterable[Need]:
    name = call.parameters["Name"]
    # A public parameter belongs to no account.
    owner = "" if name.startswith("/aws/service/") else ACCOUNT
    resource = f"arn:aws:ssm:{call.region}:{owner}:parameter/{name.lstrip('/')}"
    yield Need(f"ssm:{call.operation}", resource)


def _login(call: Call) -> Iterable[Need]:
    given = call.parameters
    instance = needs_ec2.own(call, "instance", given["InstanceId"])
    context = {"ec2:osuser": given["InstanceOSUser"], **needs_ec2.tags(call, given["InstanceId"])}
    yield Need(f"ec2-instance-connect:{call.operation}", instance, context)
