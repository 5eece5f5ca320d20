"""The host's SSH key: that of the launch, which user data tells, gives way to the host's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops import commands
from mlflow_ops.iam.scopes import OWN
from mlflow_ops.records import READY, HostKey, Instance, Readiness, Record
from mlflow_ops.ssh import host_keys, rekeying

if TYPE_CHECKING:
    from mlflow_ops.iam.scopes import Allows
    from mlflow_ops.stack import Stack

PURPOSE = "SSH host key, known before the first connection"
PLACE = "host"
DEADLINE = 60.0
FIRST_BOOT_DEADLINE = 600.0
ALLOWS: Allows = {"create": OWN.allow("ec2", "CreateTags")}
LAUNCHED = "the launch's own"
KEPT = f"{LAUNCHED}: the host has no SSH server that may be changed"


def find(stack: Stack) -> HostKey | None:
    """Return the key that the tag tells of, held against the host's where one is wanted."""
    instance = stack.get(Instance)
    if instance is None:
        return None
    if stack.wanted is None:
        return _record(instance.host_keys[-1], instance) if instance.host_keys else None
    facts, shown = rekeying.facts(stack), stack.host().shown
    changeable = rekeying.may_change(facts, shown, instance)
    missing = rekeying.lacking(facts, instance) if changeable else []
    if stack.folder.launch_host_key.exists():
        missing.append("an end of the launch's key on this machine")
    record = _record(facts["key"], instance) if changeable else _record(shown, instance, KEPT)
    return replace(record, missing=tuple(missing))


def plan(stack: Stack) -> str:  # noqa: ARG001 - the same for every stack
    """Say what would be made."""
    return "ed25519, made on the host in place of the one it is launched with; no password logins"


def create(stack: Stack) -> HostKey:
    """Replace the launch's key where there is an sshd to change, and forget it here."""
    instance, host = stack.need(Instance), stack.host()
    host.run(commands.WAIT_FOR_FIRST_BOOT, deadline=FIRST_BOOT_DEADLINE)
    facts = rekeying.facts(stack)
    if rekeying.may_change(facts, host.shown, instance):
        made = HostKey(host_keys.fingerprint(rekeying.settle(stack, facts)))
    else:
        made = _record(host.shown, instance, KEPT)
    stack.folder.launch_host_key.unlink(missing_ok=True)
    return made


def ready(stack: Stack, record: Record) -> Readiness:  # noqa: ARG001 - whoever is connected has seen it
    """Tell that the host has one."""
    return READY


def destroy(stack: Stack, record: Record) -> None:
    """Do nothing: it goes with the host."""


def _record(key: str, instance: Instance, why: str = LAUNCHED) -> HostKey:
    return HostKey(host_keys.fingerprint(key), detail=why if instance.born_key else "")
