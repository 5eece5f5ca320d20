"""The EC2 key pair: made on this machine, so that the private half never travels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.errors import NotOurs
from mlflow_ops.iam.scopes import HERE, KEY_PAIR, OWN, TAGS
from mlflow_ops.records import READY, KeyPair, Readiness, Record
from mlflow_ops.ssh import ssh_key

if TYPE_CHECKING:
    from mlflow_ops.folder import Folder
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "SSH key pair for the host"
PLACE = "aws"
DEADLINE = 30.0
ALLOWS: Allows = {
    "find": HERE.allow("ec2", "DescribeKeyPairs"),
    "create": (
        *KEY_PAIR.allow("ec2", "ImportKeyPair"),
        *OWN.allow("ec2", "DeleteKeyPair"),
        *TAGS.allow("ec2", "CreateTags"),
    ),
    "destroy": OWN.allow("ec2", "DeleteKeyPair"),
}


def find(stack: Stack) -> KeyPair | None:
    """Return the key pair; raise NotOurs when one of its name lacks our tag."""
    name = stack.names.base
    try:
        answer = stack.aws.ec2.describe_key_pairs(KeyNames=[name], IncludePublicKey=True)
    except sdk.ClientError as error:
        if code(error) == "InvalidKeyPair.NotFound":
            return None
        raise
    found: Any = answer["KeyPairs"][0]
    if not stack.names.own(found.get("Tags", [])):
        raise NotOurs(
            f"An EC2 key pair {name} is there already, without the tag of the stack "
            f"{stack.names.stack!r}: it is not ours to touch. Take another --name."
        )
    lost = () if _matches(stack.folder, found.get("PublicKey", "")) else ("its private key",)
    return KeyPair(found["KeyPairId"], missing=lost if stack.wanted else ())


def plan(stack: Stack) -> str:
    """Say what would be made."""
    return f"{stack.names.base}, ed25519, private key in {stack.folder.private_key}"


def create(stack: Stack) -> KeyPair:
    """Give AWS the public half of the key that is here, or of a new one.

    A host lets in the key it was launched with, so one that is here is never replaced.
    """
    ec2, name = stack.aws.ec2, stack.names.base
    if stack.get(KeyPair) is not None:
        ec2.delete_key_pair(KeyName=name)
        stack.voice.say("replaced the key pair: its private key is not on this machine")
    private = stack.folder.private_key
    public = ssh_key.held(private) or ssh_key.generate(private)
    with stack.journal.asking("key_pair", name=name) as made:
        pair = _imported(stack, public)
        made(pair.id)
    return pair


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - a key pair that is there can be used
    """Tell that the key pair is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:  # noqa: ARG001 - emulators delete by name alone
    """Delete both halves; AWS counts a missing key pair as deleted."""
    stack.aws.ec2.delete_key_pair(KeyName=stack.names.base)
    stack.folder.private_key.unlink(missing_ok=True)
    stack.folder.known_hosts.unlink(missing_ok=True)
    stack.folder.launch_host_key.unlink(missing_ok=True)


def _imported(stack: Stack, public: str) -> KeyPair:
    tags: Any = [{"ResourceType": "key-pair", "Tags": stack.names.tags}]
    ask = stack.aws.ec2.import_key_pair
    name, material = stack.names.base, public.encode()
    try:
        answer = ask(KeyName=name, PublicKeyMaterial=material, TagSpecifications=tags)
    except sdk.ClientError as error:
        there = find(stack) if code(error) == "InvalidKeyPair.Duplicate" else None
        if there is None or there.missing:
            raise
        return there  # made by a call whose answer was lost
    return KeyPair(answer["KeyPairId"])


def _matches(folder: Folder, public: str) -> bool:
    """Whether the private key on this machine belongs to this public key."""
    held = ssh_key.held(folder.private_key)
    return held is not None and held.split()[:2] == public.split()[:2]
