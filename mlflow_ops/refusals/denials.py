"""What it means that AWS denies an action: which one, on what, to whom, and what would allow it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from mlflow_ops.aws import code
from trainer import visible

if TYPE_CHECKING:
    import botocore.exceptions as sdk

DENIED = {
    *("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedAccess"),
    *("403", "Forbidden"),  # all that HeadBucket says
}
# IAM's names for S3's calls, where they differ from the calls' own.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
S3_ACTIONS = {
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjectsV2": "ListBucket",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "DeleteObjects": "DeleteObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
}
SERVICES = {"tagging": "tag"}
WHO = re.compile(r"User: (\S+) is not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?")
WHY = re.compile(r"because (.+?)\.?\s*(?:Encoded authorization|$)", re.DOTALL)


def sentence(error: sdk.ClientError) -> str:
    """Say who may not do what, and why; EC2's encoded message says nothing to people."""
    said = visible.line(error.response.get("Error", {}).get("Message", ""))
    who, why = WHO.search(said), WHY.search(said)
    caller, action = (who[1], who[2]) if who else ("these credentials", _action(error))
    resource = f" on {who[3].strip(chr(34))}" if who and who[3] else ""
    because = f", because {why[1]}" if why else f" ({code(error)})"
    return (
        f"AWS does not allow {caller} to call {action}{resource}{because}: "
        f"{_cure(action, because)}."
    )


def _cure(action: str, because: str) -> str:
    if "explicit deny" in because:
        return "whoever wrote that rule can lift it"
    return f"`{_printing(action)}` prints the IAM policy that whoever runs the account can give"


def _printing(action: str) -> str:
    """Return the command that prints a policy with this action."""
    from mlflow_ops.iam import commands  # noqa: PLC0415 - it loads the steps, and they load this

    ways = {"keys": "up", "role": "up --credentials role"}
    tables = [*commands.COMMANDS.items()]
    tables += [(ways[way], allowed) for way, allowed in commands.CREDENTIALS.items()]
    needing = {words for words, allowed in tables if any(name == action for _, name in allowed)}
    if "up" in needing:
        needing -= {
            "start",
            "doctor",
        }  # `up` again, for a stack that is there, and what asks for it
    return " ".join(["mlflow-ops policy", *(needing if len(needing) == 1 else ())])


def _action(error: sdk.ClientError) -> str:
    """Return IAM's name for the action of a call whose error does not tell it."""
    met: Any = error.response.get("ResponseMetadata", {})
    service = met.get("Service", "")
    action = error.operation_name
    if service == "s3":
        action = S3_ACTIONS.get(action, action)
    return f"{SERVICES.get(service, service)}:{action}" if service else action
