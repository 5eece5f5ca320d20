"""The IAM documents, as data."""

from __future__ import annotations

from typing import Any

OBJECT_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
BUCKET_ACTIONS = ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads")
USER_POLICY = "mlflow-ops-bucket"


def server_policy(bucket: str, partition: str = "aws") -> dict[str, Any]:
    """Return the policy of the server's IAM user: its own bucket's objects, and nothing else."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": list(BUCKET_ACTIONS), "Resource": arn},
            {"Effect": "Allow", "Action": list(OBJECT_ACTIONS), "Resource": f"{arn}/*"},
        ],
    }


def administrator_access(partition: str = "aws") -> str:
    """Return the ARN of the managed policy that the tutorial attaches."""
    return f"arn:{partition}:iam::aws:policy/AdministratorAccess"
