"""The EC2 key pair: made on this machine, so that the private half never travels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mlflow_ops import files
from mlflow_ops.aws import code
from mlflow_ops.errors import NotOurs
from mlflow_ops.records import READY, KeyPair, Readiness, Record

if TYPE_CHECKING:
    from mlflow_ops.folder import Folder
    from mlflow_ops.stack import Stack

PURPOSE = "SSH key pair for the host"
PLACE = "aws"
DEADLINE = 30.0


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
    public = _public_half(_held(stack.folder) or _generate(stack.folder))
    with stack.journal.asking("key_pair", name=name) as made:
        tags: Any = [{"ResourceType": "key-pair", "Tags": stack.names.tags}]
        answer = ec2.import_key_pair(KeyName=name, PublicKeyMaterial=public, TagSpecifications=tags)
        made(answer["KeyPairId"])
    return KeyPair(answer["KeyPairId"])


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - a key pair that is there can be used
    """Tell that the key pair is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:  # noqa: ARG001 - emulators delete by name alone
    """Delete both halves; AWS counts a missing key pair as deleted."""
    stack.aws.ec2.delete_key_pair(KeyName=stack.names.base)
    stack.folder.private_key.unlink(missing_ok=True)
    stack.folder.known_hosts.unlink(missing_ok=True)


def _generate(folder: Folder) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    )
    files.write_private(folder.private_key, private.decode())
    return key


def _held(folder: Folder) -> Ed25519PrivateKey | None:
    """Return the private key on this machine, if there is a good one."""
    try:
        key = serialization.load_ssh_private_key(folder.private_key.read_bytes(), password=None)
    except (OSError, ValueError):
        return None
    return key if isinstance(key, Ed25519PrivateKey) else None


def _public_half(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )


def _matches(folder: Folder, public: str) -> bool:
    """Whether the private key on this machine belongs to this public key."""
    held = _held(folder)
    return held is not None and _public_half(held).split()[:2] == public.encode().split()[:2]
