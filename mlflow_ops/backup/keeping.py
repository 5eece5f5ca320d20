"""The keeper on the host, as this side speaks with it."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

from mlflow_ops import commands, packed
from mlflow_ops.backup.manifest import Manifest
from mlflow_ops.errors import CommandFailed, HostFailed

if TYPE_CHECKING:
    from mlflow_ops.host import Host
    from mlflow_ops.stack import Stack

PROGRAM = f"{commands.FOLDER}/keeper.pyz"
PYTHON = f"{commands.ENVIRONMENT}/bin/python"
OURS = ("__init__.py", "backup/__init__.py", "backup/layout.py")
OTHER = "another keeper"
# In seconds: copying, compressing, sending and fetching a large database on a small host.
DEADLINES = {"take": 3600.0, "stage": 3600.0, "daily": 3600.0, "place": 900.0}
DEADLINE = 660.0  # the keeper waits 600 s for another one at work


def command(what: str) -> str:
    """Return the command that runs one of the keeper's on the host."""
    return f"{PYTHON} {PROGRAM} {what}"


def program() -> bytes:
    """Return the keeper, as one zip file that Python runs."""
    return packed.program("backup/keeper", *OURS)


def put(stack: Stack) -> None:
    """Have this version of the keeper on the host; raises HostFailed."""
    host = stack.host()
    if host.ask(commands.sha256(PROGRAM)).strip() != digest():
        _put(host)


def ask(stack: Stack, what: str, **settings: object) -> dict[str, Any]:
    """Have the keeper do one command, and return its answer; the keeper is put there if need be.

    The bucket, its region and the endpoint are told besides. Raises HostFailed with the keeper's
    own sentence, and CommandFailed when it did not end by itself.
    """
    place = {
        "bucket": stack.names.bucket,
        "region": stack.names.region,
        "endpoint": stack.aws.endpoint,
    }
    return ask_host(stack.host(), what, **place, **settings)


def ask_host(host: Host, what: str, **settings: object) -> dict[str, Any]:
    """Do as `ask`, with nothing told but these settings."""
    told = json.dumps(settings)
    line = (
        f'if [ "$({commands.sha256(PROGRAM)})" = {digest()} ]; '
        f"then {command(what)} || [ $? -eq 1 ]; else echo {OTHER}; fi"
    )
    deadline = DEADLINES.get(what, DEADLINE)
    printed = host.run(line, deadline=deadline, stdin=told)
    if printed.strip() == OTHER:
        _put(host)
        printed = host.run(line, deadline=deadline, stdin=told)
    return _answer(what, printed)


def take(stack: Stack, name: str, kind: str) -> Manifest:
    """Take a named backup on the host, read back and checked; raises HostFailed."""
    return Manifest.of(ask(stack, "take", name=name, kind=kind), name)


def placing() -> str:
    """Return the command that puts the keeper in its place, fed in base64."""
    part = f"{PROGRAM}.part"
    return f"umask 077 && {PYTHON} -m base64 -d > {part} && mv -- {part} {PROGRAM}"


def _put(host: Host) -> None:
    host.run(placing(), stdin=base64.b64encode(program()).decode())


def digest() -> str:
    """Return the SHA-256 of this version of the keeper."""
    return hashlib.sha256(program()).hexdigest()


def _answer(what: str, printed: str) -> dict[str, Any]:
    lines = printed.strip().splitlines() or [""]
    try:
        answer = json.loads(lines[-1])
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise CommandFailed(f"The keeper on the host gave no answer to `{what}`: {lines[-1]!r}.")
    if "error" in answer:
        raise HostFailed(str(answer["error"]))
    return answer
