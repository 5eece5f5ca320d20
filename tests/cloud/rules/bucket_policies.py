"""A bucket's policy as S3 holds it against who asks, and whether S3 takes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket

from cloud import backends
from cloud.permissions import listed, matches
from cloud.wire import refusal

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

PUBLIC = (
    "User: arn:aws:iam::123456789012:user/operator is not authorized to perform: "
    "s3:PutBucketPolicy because public policies are blocked by the BlockPublicPolicy block public "
    "access setting."
)
PLAIN = {"Bool": {"aws:SecureTransport": "false"}}


@dataclass
class BucketPolicies:
    """Refuses what a bucket's policy denies to those who come without TLS.

    The cloud is served over plain HTTP and plays AWS, which is asked over TLS; with `plain` it
    is taken to be asked without.
    """

    plain: bool = False
    on: bool = True

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at a call to a bucket."""
        bucket = backends.s3().buckets.get(call.parameters.get("Bucket"))
        if not self.on or call.service != "s3" or bucket is None:
            return ask()
        if self.plain and _denies_plain(bucket):
            return refusal(call, "AccessDenied", "Access Denied", 403)
        if call.operation == "PutBucketPolicy" and _is_public(call) and _blocks(bucket):
            return refusal(call, "AccessDenied", PUBLIC, 403)
        return ask()


def install() -> None:
    """Let moto apply what has no condition alone: it denies what a condition does not hold for."""
    FakeBucket.get_permission = _permission  # type: ignore[assignment, method-assign]  # moto has no setting for it


def _permission(bucket: Any, action: str, resource: str) -> Any:  # noqa: ANN401 - moto's
    plain = [each for each in _statements(bucket.policy) if not each.get("Condition")]
    if not plain:
        return PermissionResult.NEUTRAL
    policy = {"Version": "2012-10-17", "Statement": plain}
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def _statements(policy: bytes | str | None) -> list[Any]:
    return json.loads(policy).get("Statement", []) if policy else []


def _denies_plain(bucket: Any) -> bool:  # noqa: ANN401 - moto's
    arns = (f"arn:aws:s3:::{bucket.name}", f"arn:aws:s3:::{bucket.name}/key")
    return any(
        each["Effect"] == "Deny"
        and each["Principal"] == "*"
        and each.get("Condition") == PLAIN
        and matches(each["Action"], "s3:Anything")
        and all(any(matches(pattern, arn) for pattern in listed(each["Resource"])) for arn in arns)
        for each in _statements(bucket.policy)
    )


def _is_public(call: Call) -> bool:
    statements = _statements(call.parameters["Policy"])
    return any(each["Effect"] == "Allow" and each["Principal"] == "*" for each in statements)


def _blocks(bucket: Any) -> bool:  # noqa: ANN401 - moto's
    block = bucket.public_access_block
    return bool(block and block.block_public_policy in {True, "true", "True"})
