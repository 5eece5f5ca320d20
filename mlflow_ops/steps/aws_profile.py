"""What `aws configure` does on this machine: a named profile with the access key."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import key_file, profiles
from mlflow_ops.errors import NotOurs
from mlflow_ops.records import READY, AwsProfile, Readiness, Record

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "named profile in this machine's AWS files"
PLACE = "here"
DEADLINE = 10.0
ALLOWS: Allows = {}

Sections = list[tuple["Path", str, dict[str, str]]]


def find(stack: Stack) -> AwsProfile | None:
    """Return the profile; raise NotOurs when one of its name is the user's own."""
    sections = _sections(stack)
    for path, header, _ in sections:
        if profiles.is_foreign(path, header):
            raise NotOurs(
                f"The file {path} has a section [{header}] that is not ours: "
                "rename it, or take another --name."
            )
    held = [profiles.settings_of(path, header) for path, header, _ in sections]
    if not any(found is not None for found in held):
        return None
    right = held == [wanted for _, _, wanted in sections]
    missing = () if right or stack.wanted is None else ("the present key",)
    return AwsProfile(stack.names.base, missing=missing)


def plan(stack: Stack) -> str:
    """Say what would be made."""
    return f"{stack.names.base} in {stack.target.aws_files.credentials.parent}"


def create(stack: Stack) -> AwsProfile:
    """Write the profile's two sections, and touch nothing else in the files."""
    for path, header, wanted in _sections(stack):
        profiles.add(path, header, wanted)
    return AwsProfile(stack.names.base)


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - a written file can be read
    """Tell that the profile is there."""
    return READY


def destroy(stack: Stack, record: Record) -> None:  # noqa: ARG001 - the sections follow from the names
    """Take the two sections out again."""
    for path, header, _ in _sections(stack):
        profiles.remove(path, header)


def _sections(stack: Stack) -> Sections:
    """Return, for each of the two files, the section's header and its settings."""
    key_id, secret = key_file.read(stack.folder.access_key) or ("", "")
    where, name = stack.target.aws_files, stack.names.base
    credentials = {"aws_access_key_id": key_id, "aws_secret_access_key": secret}
    config = {"region": stack.names.region, "output": "json"}
    if stack.aws.endpoint:
        config["endpoint_url"] = stack.aws.endpoint
    return [(where.credentials, name, credentials), (where.config, f"profile {name}", config)]
