"""What a step knows of the thing it stands for: frozen, and safe to print."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlflow_ops.shape import Shape


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
    still that of its launch. `profile` is the id of the instance profile it has, `AIPA…`.
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


@dataclass(frozen=True)
class ElasticIp(Record):
    """An Elastic IP; its id is `eipalloc-…`, and `address` the IPv4 address itself.

    `instance` is the id of the instance that it is tied to, empty when there is none.
    """

    address: str = ""
    instance: str = ""


@dataclass(frozen=True)
class HostKey(Record):
    """The host's SSH key; its id is the key's fingerprint, `SHA256:…`."""


@dataclass(frozen=True)
class Software(Record):
    """The software on the host; its id begins with its lock's SHA-256."""


@dataclass(frozen=True)
class Certificate(Record):
    """The server's certificate; its id is the fingerprint of the CA that clients pin.

    `leaf` is the fingerprint of the certificate itself.
    """

    leaf: str = ""


@dataclass(frozen=True)
class Login(Record):
    """The admin's login to the server; its id is the user's name."""


@dataclass(frozen=True)
class Database(Record):
    """The server's database on the host; its id is its file's name."""


@dataclass(frozen=True)
class Backup(Record):
    """The continuous backup of the database; its id is the stream's name, `20261123T214253Z`.

    `behind` is by how many seconds it is, None where that is not known, and `stale` when that is
    more than it may be. `daily_failed` is whether the last of the daily ones failed.
    """

    behind: float | None = None
    stale: bool = False
    daily_failed: bool = False


@dataclass(frozen=True)
class Caddy(Record):
    """The HTTPS proxy in front of the server; its id is the domain."""


@dataclass(frozen=True)
class Server(Record):
    """The MLflow server; its id is the tracking URI."""


@dataclass(frozen=True)
class Readiness:
    """Whether a thing can be used yet: ready, pending, stopped, broken or unknown, and why.

    `record` is the thing as it is now, where looking has told more than was known.
    """

    state: str
    detail: str = ""
    record: Record | None = None


READY = Readiness("ready")
