"""What a step knows of the thing it stands for: frozen, and safe to print."""

from __future__ import annotations

from mlflow_ops.records.kinds import (
    READY,
    Readiness,
    Record,
)
from mlflow_ops.records.of_aws import (
    AccessKey,
    AwsProfile,
    Bucket,
    ElasticIp,
    IamUser,
    Instance,
    KeyPair,
    Role,
    SecurityGroup,
)
from mlflow_ops.records.of_the_host import (
    Backup,
    Caddy,
    Certificate,
    Database,
    HostKey,
    Lifetime,
    Login,
    Server,
    Software,
)

__all__ = [
    "READY",
    "AccessKey",
    "AwsProfile",
    "Backup",
    "Bucket",
    "Caddy",
    "Certificate",
    "Database",
    "ElasticIp",
    "HostKey",
    "IamUser",
    "Instance",
    "KeyPair",
    "Lifetime",
    "Login",
    "Readiness",
    "Record",
    "Role",
    "SecurityGroup",
    "Server",
    "Software",
]
