"""Giving a host an SSH key of its own in place of the launch's, from wherever a run has stopped.

In between the instance's tag lists both, so that a run that was stopped, or one on another machine,
knows the host whichever of them it shows. Only the last is ever pinned.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlflow_ops import commands
from mlflow_ops.errors import HostFailed, HostKeyChanged, HostUnreachable
from mlflow_ops.names import HOST_KEY_TAG
from mlflow_ops.records import Instance
from mlflow_ops.ssh import host_keys, sshd
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

RESTART_DEADLINE = 30.0

Facts = dict[str, str]


def facts(stack: Stack) -> Facts:
    """Ask the host which key and settings its sshd has, and whether they may be changed."""
    known = dict.fromkeys(("systemd", "sudo", "key", "settings"), "")
    return known | commands.parse_facts(stack.host().ask(sshd.facts()))


def may_change(found: Facts, shown: str, instance: Instance) -> bool:
    """Whether it is the system's own sshd that we talk with, and ours to restart.

    It is where it has the key that was shown, or one that it is about to show.
    """
    right = found["sudo"] == "yes" and found["systemd"] not in {"", "offline"}
    return right and found["key"] in {shown, *instance.host_keys}


def lacking(found: Facts, instance: Instance) -> list[str]:
    """Return in words what is still to be done."""
    undone = {
        "a key of its own": instance.born_key or (found["key"],) != instance.host_keys,
        "its settings": found["settings"] != sshd.in_force(),
    }
    return [what for what, is_undone in undone.items() if is_undone]


def settle(stack: Stack, found: Facts) -> str:
    """Do what is lacking, and return the key that the host then shows, base64."""
    instance, host, key = stack.need(Instance), stack.host(), found["key"]
    if instance.born_key and key == instance.host_keys[0]:
        key = _made(host.run(sshd.generate()))
        _tag(stack, instance.host_keys[0], key, launched=True)
    stands = host.shown == key and found["settings"] == sshd.in_force()
    if not stands:
        host.run(sshd.install())
    if instance.born_key or not stands:
        found = _reconnected(stack, key)
    if found["settings"] != sshd.in_force():
        raise HostFailed(
            f"The host's sshd does not take the settings in {sshd.DROP_IN}: it says "
            f"{found['settings']!r} of them. Let its /etc/ssh/sshd_config include "
            "/etc/ssh/sshd_config.d/*.conf at its top, and run the same command again."
        )
    if instance.born_key or instance.host_keys != (key,):
        _tag(stack, key, launched=False)
    return key


def _made(printed: str) -> str:
    """Return the key among what was printed, which warnings of sudo's may precede."""
    found = host_keys.ED25519.search(printed)
    if found is None:
        raise HostFailed(
            "The host did not tell the SSH key that it has made: see what it said in the host log "
            "of the stack's folder, and run the same command again."
        )
    return found[0]


def _reconnected(stack: Stack, key: str) -> Facts:
    """Connect anew as soon as the host shows this key, which is pinned by that."""
    stack.hang_up()
    now = stack.knows(replace(stack.need(Instance), host_keys=(key,), born_key=False))

    def shows() -> bool:
        try:
            now.host()
        except (HostUnreachable, HostKeyChanged):  # the old sshd may answer once more
            return False
        return True

    what = "the host to show its new SSH key"
    until(what, shows, deadline=RESTART_DEADLINE, clock=stack.clock)
    return facts(stack)


def _tag(stack: Stack, *keys: str, launched: bool) -> None:
    value = host_keys.tag(*keys, launched=launched)
    stack.aws.ec2.create_tags(
        Resources=[stack.need(Instance).id], Tags=[{"Key": HOST_KEY_TAG, "Value": value}]
    )
