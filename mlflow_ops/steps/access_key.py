"""The IAM user's one access key; the secret goes to a private file and nowhere else."""

from __future__ import annotations

import contextlib
from functools import partial
from typing import TYPE_CHECKING

from mlflow_ops import files, key_file
from mlflow_ops.iam.scopes import NAMED
from mlflow_ops.records import READY, AccessKey, Readiness, Record
from mlflow_ops.retry import while_unknown

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "access key that the server signs its S3 requests with"
PLACE = "aws"
DEADLINE = 30.0
ALLOWS: Allows = {
    "find": NAMED.allow("iam", "ListAccessKeys"),
    "create": NAMED.allow("iam", "CreateAccessKey DeleteAccessKey"),
    "destroy": NAMED.allow("iam", "DeleteAccessKey"),
}


def find(stack: Stack) -> AccessKey | None:
    """Return the key whose secret is here, else any other key of the user."""
    keys = _keys(stack)
    if not keys:
        return None
    here = key_file.read(stack.folder.access_key)
    if here and here[0] in keys:
        return AccessKey(here[0])
    lost = ("its secret is not on this machine",)
    return AccessKey(keys[0], detail=lost[0], missing=lost if stack.wanted else ())


def plan(stack: Stack) -> str:
    """Say what would be made."""
    return f"for {stack.names.base}, its secret in {stack.folder.access_key}"


def create(stack: Stack) -> AccessKey:
    """Create the key and save its secret; keys whose secret is lost go first."""
    iam, user = stack.aws.iam, stack.names.base
    files.check_writable(stack.folder.access_key)
    for lost in _keys(stack) if stack.get(AccessKey) else ():
        _delete(stack, lost)
        stack.voice.say(f"replaced the access key {lost}: its secret is not on this machine")
    with stack.journal.asking("access_key", user=user) as made:
        ask = partial(iam.create_access_key, UserName=user)
        answer = while_unknown(ask, "NoSuchEntity", clock=stack.clock)
        key = answer["AccessKey"]
        key_file.write(stack.folder.access_key, key["AccessKeyId"], key["SecretAccessKey"])
        made(key["AccessKeyId"])
    # Asking again after a lost answer makes another key; the first one's secret is lost with it.
    again = answer["ResponseMetadata"]["RetryAttempts"] > 0
    for stray in _keys(stack) if again else ():
        if stray != key["AccessKeyId"]:
            _delete(stack, stray)
    return AccessKey(key["AccessKeyId"])


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - whoever uses it waits until AWS knows it
    """Tell that the key is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Delete every key of the user, and the file with the secret."""
    for key in {record.id, *_keys(stack)}:
        _delete(stack, key)
    stack.folder.access_key.unlink(missing_ok=True)


def _delete(stack: Stack, key: str) -> None:
    iam = stack.aws.iam
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        iam.delete_access_key(UserName=stack.names.base, AccessKeyId=key)
    stack.journal.gone("access_key", key)


def _keys(stack: Stack) -> list[str]:
    iam = stack.aws.iam
    try:
        found = iam.list_access_keys(UserName=stack.names.base)["AccessKeyMetadata"]
    except iam.exceptions.NoSuchEntityException:
        return []
    return [key["AccessKeyId"] for key in found]
