"""What a step knows of the thing it stands for: frozen, and safe to print."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Record:
    """One AWS resource or one state of the host, as it was last seen.

    `missing` lists, in words, what `create` has still to do to make it as wanted.
    """

    id: str
    detail: str = field(default="", kw_only=True)
    missing: tuple[str, ...] = field(default=(), kw_only=True)


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
    """An EC2 instance; its id is `i-…`. `address` is empty until AWS has given it one."""

    type: str = ""
    state: str = ""
    address: str = ""
    dns: str = ""


@dataclass(frozen=True)
class Software(Record):
    """The software on the host; its id begins with its lock's SHA-256."""


@dataclass(frozen=True)
class Server(Record):
    """The MLflow server; its id is the tracking URI."""


@dataclass(frozen=True)
class Readiness:
    """Whether a thing can be used yet: ready, pending, broken or unknown, and why.

    `record` is the thing as it is now, where looking has told more than was known.
    """

    state: str
    detail: str = ""
    record: Record | None = None


READY = Readiness("ready")
