"""The settings of what `up` makes outside the host, as its calls will name them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from mlflow_ops.ec2 import firewall, launches
from mlflow_ops.ec2.launches import Launch
from mlflow_ops.names import IAM_PATH, SHAPE_TAG
from mlflow_ops.policies import SERVER_POLICY, administrator_access
from mlflow_ops.records import Instance, SecurityGroup
from mlflow_ops.rehearsing.told import SECRET
from mlflow_ops.s3 import buckets, protection
from mlflow_ops.ssh import ssh_key
from mlflow_ops.steps import instance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlflow_ops.stack import Stack

Settings = dict[str, Any]
# Stand-ins for what is only known once it is made.
GROUP, TOKEN, HOST_KEY = "SECURITY-GROUP-ID", "CLIENT-TOKEN", "LAUNCH-HOST-KEY"
NO_TLS = "none: this endpoint has no TLS, which the policy would ask for"
# A profile is a part of a file, and IAM has no tags for access keys.
TAGLESS = ("aws_profile", "access_key")
PRIVATE_KEY = re.compile("-----BEGIN [A-Z ]*PRIVATE KEY-----.*-----END [A-Z ]*PRIVATE KEY-----")


def of(name: str, stack: Stack, staged: Stack) -> Settings:
    """Return the settings of a step's thing, none for a step that has none to tell.

    `staged` is the same stack with a folder in which keys may be made.
    """
    if name == "instance":
        return _instance(stack, staged)
    found = SETTINGS[name](stack) if name in SETTINGS else {}
    tagged = found and name not in TAGLESS
    return {**found, "Tags": _tags(stack.names.tags)} if tagged else found


def _tags(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in tags}


def _user(stack: Stack) -> Settings:
    taught = stack.want().as_taught
    policy = administrator_access(stack.aws.identity[1]) if taught else SERVER_POLICY
    return {"UserName": stack.names.base, "Path": IAM_PATH, "Policy": policy}


def _profile(stack: Stack) -> Settings:
    files = stack.target.aws_files
    return {
        "Profile": stack.names.base,
        "Files": [str(files.credentials), str(files.config)],
        "Region": stack.names.region,
    }


def _role(stack: Stack) -> Settings:
    name = stack.names.base
    return {
        "RoleName": name,
        "InstanceProfileName": name,
        "Path": IAM_PATH,
        "Policy": SERVER_POLICY,
    }


def _bucket(stack: Stack) -> Settings:
    taught = stack.want().as_taught
    closed = {} if taught else buckets.CLOSED
    statements = protection.wanted_policy(stack, {}).get("Statement", [])
    without = [] if taught else NO_TLS
    return {
        "Bucket": stack.names.bucket,
        "PublicAccessBlockConfiguration": closed,
        "ServerSideEncryptionConfiguration": buckets.ENCRYPTED,
        "OwnershipControls": protection.OWNER,
        "Policy": [each["Sid"] for each in statements] or without,
    }


def _key_pair(stack: Stack) -> Settings:
    return {
        "KeyName": stack.names.base,
        "KeyType": "ed25519",
        "PrivateKey": str(stack.folder.private_key),
    }


def _group(stack: Stack) -> Settings:
    wanted, standing = stack.want(), stack.get(SecurityGroup)
    rules = firewall.wanted_rules(wanted, stack.target.ports)
    return {
        "GroupName": stack.names.base,
        "VpcId": standing.vpc_id if standing else wanted.vpc_id,
        "Ingress": [str(rule) for rule in rules],
    }


def _address(_: Stack) -> Settings:
    return {"Domain": "vpc"}


def _instance(stack: Stack, staged: Stack) -> Settings:
    """Return what RunInstances is asked for, but for what is secret or made for one launch.

    An instance that stands is told its shape alone.
    """
    wanted, standing = staged.want(), stack.get(Instance)
    if standing:
        return {"Tags": {SHAPE_TAG: instance.true_shape(stack, standing).tag}}
    group = staged.get(SecurityGroup) or SecurityGroup(GROUP)
    launch = Launch.of(TOKEN, wanted, wanted.subnet_id)
    asked = launches.request(staged.knows(group), launch)
    asked["UserData"] = PRIVATE_KEY.sub(SECRET, asked["UserData"])
    key = (ssh_key.held(staged.folder.launch_host_key) or " ").split(" ")[1]
    told: Settings = json.loads(json.dumps(asked).replace(key, HOST_KEY) if key else "{}")
    return told


SETTINGS: Mapping[str, Callable[[Stack], Settings]] = {
    "iam_user": _user,
    "access_key": lambda stack: {
        "UserName": stack.names.base,
        "Secret": str(stack.folder.access_key),
    },
    "aws_profile": _profile,
    "role": _role,
    "bucket": _bucket,
    "key_pair": _key_pair,
    "security_group": _group,
    "elastic_ip": _address,
}
