"""What protects the bucket: no public access, TLS alone, encryption, and no other owner in it.

Each protection is looked for and put in place by itself, so that what a crash or a hand has left
out is mended. `up --as-taught` alone goes without the first two.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops.policies import bucket_policy
from mlflow_ops.s3 import buckets

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.stack import Stack

OWNER: Any = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@dataclass(frozen=True)
class Protection:
    """One protection: whether it is as wanted, and putting it so."""

    is_right: Callable[[Stack], bool]
    put: Callable[[Stack], object]


def lacking(stack: Stack) -> tuple[str, ...]:
    """Return the names of the protections that are not as wanted."""
    return tuple(name for name, each in PROTECTIONS.items() if not each.is_right(stack))


def put(stack: Stack, names: tuple[str, ...]) -> None:
    """Put the protections of these names as they are wanted."""
    for name, each in PROTECTIONS.items():  # in their order, whatever that of the names
        if name in names:
            each.put(stack)


def _is_closed(stack: Stack) -> bool:
    closed = buckets.is_closed(stack.aws.s3, stack.names.bucket)
    return closed != stack.want().as_taught


def _close(stack: Stack) -> None:
    s3, name = stack.aws.s3, stack.names.bucket
    block: Any = buckets.CLOSED
    if stack.want().as_taught:
        s3.delete_public_access_block(Bucket=name)
    else:
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)


def _has_policy(stack: Stack) -> bool:
    held = buckets.policy(stack.aws.s3, stack.names.bucket)
    return wanted_policy(stack, held) == held


def _put_policy(stack: Stack) -> None:
    s3, name = stack.aws.s3, stack.names.bucket
    held = buckets.policy(s3, name)
    wanted = wanted_policy(stack, held)
    if wanted:
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps(wanted))
    elif held:
        s3.delete_bucket_policy(Bucket=name)


def wanted_policy(stack: Stack, held: dict[str, Any]) -> dict[str, Any]:
    """Return the policy that the bucket should have, which holds this one; empty for none."""
    # An emulator that is reached over plain HTTP would shut everybody out with it.
    tls_only = not stack.want().as_taught and stack.aws.uses_tls
    return bucket_policy(stack.names.bucket, stack.aws.identity[1], held, tls_only=tls_only)


def _encrypt(stack: Stack) -> None:
    rule: Any = buckets.ENCRYPTED
    s3, name = stack.aws.s3, stack.names.bucket
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rule)


def _own(stack: Stack) -> None:
    s3, name = stack.aws.s3, stack.names.bucket
    s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=OWNER)


# The policy goes before the block, under which S3 takes none that has a public statement in it.
PROTECTIONS = {
    "TLS-only policy": Protection(_has_policy, _put_policy),
    "public access block": Protection(_is_closed, _close),
    "encryption": Protection(
        lambda stack: buckets.is_encrypted(stack.aws.s3, stack.names.bucket), _encrypt
    ),
    "ownership": Protection(
        lambda stack: buckets.ownership(stack.aws.s3, stack.names.bucket) == OWNER, _own
    ),
}
