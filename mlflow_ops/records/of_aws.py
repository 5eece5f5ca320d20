"""Records of what is on AWS, and of the way to it on this machine."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlflow_ops.records.kinds import Record
from mlflow_ops.shape import Shape


@dataclass(frozen=True)
class IamUser(Record):
    """An IAM user; its id is the user name."""


@dataclass(frozen=True)
class AccessKey(Record):
    """An access key; its id is the public half, `AKIA…`. The secret stays in its file."""


@dataclass(frozen=True)
class AwsProfile(Record):
    """A named profile in the user's AWS files; its id is the profile's name."""


@dataclass(frozen=True)
class Role(Record):
    """An IAM role in an instance profile of the same name; its id is that name.

    `profile` is the profile's own id, `AIPA…`, empty while there is none.
    """

    profile: str = ""


@dataclass(frozen=True)
class Bucket(Record):
    """An S3 bucket; its id is its name."""


@dataclass(frozen=True)
class KeyPair(Record):
    """An EC2 key pair; its id is `key-…`."""


@dataclass(frozen=True)
class SecurityGroup(Record):
    """A security group; its id is `sg-…`."""

    vpc_id: str = ""


@dataclass(frozen=True)
class Instance(Record):
    """An EC2 instance; its id is `i-…`. `address` is empty until AWS has given it one.

    `host_keys` are the SSH host keys it may show, base64; while `born_key`, the first of them is
    still that of its launch. `profile` is the id of the instance profile it has, `AIPA…`. `until`
    is when its time limit ends, as its tag says, and `self_stopped` whether its own host has
    stopped it.
    """

    type: str = ""
    state: str = ""
    address: str = ""
    dns: str = ""
    ipv6: str = ""
    shape: Shape = field(default_factory=Shape)
    host_keys: tuple[str, ...] = ()
    born_key: bool = False
    profile: str = ""
    until: str = ""
    self_stopped: bool = False


@dataclass(frozen=True)
class ElasticIp(Record):
    """An Elastic IP; its id is `eipalloc-…`, and `address` the IPv4 address itself.

    `instance` is the id of the instance that it is tied to, empty when there is none.
    """

    address: str = ""
    instance: str = ""
