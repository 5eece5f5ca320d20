"""The lock in the account: an EC2 key pair without a private half.

Its name is unique at once, it carries its tags from the first moment, deleting one by its id frees
the very lock that was seen, and it costs nothing.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ImportKeyPair.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import Locked, NotOurs
from mlflow_ops.lease.holder import HOLDER, LEASE, TOKEN, UNTIL, Holder, text
from mlflow_ops.ssh import ssh_key
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

DEADLINE = 30.0


def name(stack: Stack) -> str:
    """Return the name of the stack's lock."""
    return f"{stack.names.base}-lock"


def acquire(stack: Stack, who: str, tokens: tuple[str, ...]) -> Holder:
    """Make the lock, by the last of these tokens; the others are of holders that are dead.

    Raises Locked, naming the holder, while it may be alive, and TimedOut when AWS does not show it.
    """

    def made() -> Holder | None:
        try:
            return _import(stack, who, tokens[-1])
        except sdk.ClientError as error:
            if code(error) != "InvalidKeyPair.Duplicate":
                raise
        found = holder(stack)  # which may show later than it acts
        if found and found.token == tokens[-1]:  # by a call whose answer was lost
            return found
        if found:
            _break(stack, found, tokens)
        return None

    return until("AWS to show who holds the stack", made, deadline=DEADLINE, clock=stack.clock)


def _import(stack: Stack, who: str, token: str) -> Holder:
    since = stack.aws.now()
    until = since + LEASE
    own = {"Name": name(stack), TOKEN: token, HOLDER: who, UNTIL: text(until)}
    tags = {tag["Key"]: tag["Value"] for tag in stack.names.tags} | own
    listed: Any = [{"Key": key, "Value": value} for key, value in tags.items()]
    answer = stack.aws.ec2.import_key_pair(
        KeyName=name(stack),
        PublicKeyMaterial=ssh_key.public_half(ssh_key.generated()).encode(),
        TagSpecifications=[{"ResourceType": "key-pair", "Tags": listed}],
    )
    return Holder(answer["KeyPairId"], who, token, since, until)


def holder(stack: Stack) -> Holder | None:
    """Return who holds the lock, if anybody does; raise NotOurs for a key pair of its name."""
    try:
        found: Any = stack.aws.ec2.describe_key_pairs(KeyNames=[name(stack)])["KeyPairs"]
    except sdk.ClientError as error:
        if code(error) != "InvalidKeyPair.NotFound":
            raise
        return None
    if not stack.names.own(found[0].get("Tags", [])):
        raise NotOurs(
            f"An EC2 key pair {name(stack)}, which would be the lock of the stack "
            f"{stack.names.stack!r}, is there already without its tag: it is not ours to touch. "
            "Take another --name."
        )
    return Holder.of(found[0])


def extend(stack: Stack, held: Holder) -> Holder | None:
    """Renew the lock from now on, and return it, or None when it is not there any more."""
    found = holder(stack)
    if found is None or found.id != held.id:
        return None
    until = stack.aws.now() + LEASE
    tag: Any = {"Key": UNTIL, "Value": text(until)}
    stack.aws.ec2.create_tags(Resources=[held.id], Tags=[tag])
    return replace(held, until=until)


def free(stack: Stack, lock_id: str) -> None:
    """Delete the lock of this id, never one that another command has made since."""
    try:
        answer = stack.aws.ec2.delete_key_pair(KeyPairId=lock_id)
    except sdk.ClientError as error:
        if code(error) != "InvalidKeyPair.NotFound":
            raise
        return
    if answer.get("KeyPairId"):
        return
    left = holder(stack)
    if left and left.id == lock_id:  # emulators delete by name alone
        stack.aws.ec2.delete_key_pair(KeyName=name(stack))


def _break(stack: Stack, found: Holder, dead: tuple[str, ...]) -> None:
    """Free the lock of a command that is dead for sure; raise Locked when it may be alive."""
    if found.token not in dead and stack.aws.now() <= found.until:
        raise Locked(
            f"The stack {stack.names.stack!r} is in use by {found.who}, since "
            f"{found.since:%Y-%m-%d %H:%M:%S} UTC: wait until it is done. If that command was "
            f"killed, the stack is free again at {found.until:%H:%M:%S} UTC."
        )
    free(stack, found.id)
