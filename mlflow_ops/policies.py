"""The IAM documents, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Creating and completing a multipart upload counts as putting:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
OBJECT_ACTIONS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject")
SERVER_POLICY = "mlflow-ops-bucket"
TLS_ONLY = "MlflowOpsTlsOnly"
VERSION = "2012-10-17"


def server_policy(bucket: str, partition: str = "aws") -> dict[str, Any]:
    """Return the policy of the server's IAM user or role: its own bucket's objects, no more."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return {
        "Version": VERSION,
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": arn},
            {"Effect": "Allow", "Action": list(OBJECT_ACTIONS), "Resource": f"{arn}/*"},
        ],
    }


def administrator_access(partition: str = "aws") -> str:
    """Return the ARN of the managed policy that the tutorial attaches."""
    return f"arn:{partition}:iam::aws:policy/AdministratorAccess"


def ec2_service(partition: str = "aws") -> str:
    """Return the name by which EC2 takes a role."""
    return f"ec2.amazonaws.com{'.cn' if partition == 'aws-cn' else ''}"


def trust_policy(partition: str = "aws") -> dict[str, Any]:
    """Return who may take the server's role: EC2, for the instances that have it."""
    principal = {"Service": ec2_service(partition)}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return {"Version": VERSION, "Statement": [statement]}


def bucket_policy(
    bucket: str, partition: str, held: Mapping[str, Any], *, tls_only: bool
) -> dict[str, Any]:
    """Return the policy that the bucket should have, which `held` one already: empty for none.

    Our one statement denies whoever comes without TLS; all others are the user's own, and stay.
    It asks for no version of TLS, since AWS itself takes none below 1.2:
    https://aws.amazon.com/blogs/security/tls-1-2-required-for-aws-endpoints/
    """
    found = held.get("Statement", [])
    listed = [found] if isinstance(found, dict) else list(found)
    theirs = [each for each in listed if each.get("Sid") != TLS_ONLY]
    statements = [*theirs, *([_tls_only(bucket, partition)] if tls_only else [])]
    return {"Version": VERSION, **held, "Statement": statements} if statements else {}


def _tls_only(bucket: str, partition: str) -> dict[str, Any]:
    arn = f"arn:{partition}:s3:::{bucket}"
    return {
        "Sid": TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
