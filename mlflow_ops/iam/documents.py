"""The IAM documents of a stack, each as the call that sets it will name it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops import policies
from mlflow_ops.records import Bucket
from mlflow_ops.s3 import buckets, protection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.stack import Stack


@dataclass(frozen=True)
class Document:
    """One document: what it is, and its JSON; a policy of AWS's own has its ARN alone."""

    title: str
    document: dict[str, Any] | None = None
    arn: str | None = None


def documents(stack: Stack) -> list[Document]:
    """Return the documents of the stack that is wanted; reads the policy of a bucket there is."""
    return [*_rights(stack), *_bucket(stack)]


def _rights(stack: Stack) -> Iterator[Document]:
    """Yield what says what the server may do, and for a role who may take it."""
    name, bucket, partition = stack.names.base, stack.names.bucket, stack.aws.identity[1]
    kind = "role" if stack.shape.credentials == "role" else "user"
    if stack.want().as_taught:
        arn = policies.administrator_access(partition)
        yield Document(f"policy of the IAM user {name}", arn=arn)
        return
    if kind == "role":
        trust = policies.trust_policy(partition)
        yield Document(f"trust policy of the IAM role {name}", trust)
    title = f"policy {policies.SERVER_POLICY} of the IAM {kind} {name}"
    yield Document(title, policies.server_policy(bucket, partition))


def _bucket(stack: Stack) -> Iterator[Document]:
    name = stack.names.bucket
    held = buckets.policy(stack.aws.s3, name) if stack.get(Bucket) else {}
    if wanted := protection.wanted_policy(stack, held):
        yield Document(f"policy of the bucket {name}", wanted)
