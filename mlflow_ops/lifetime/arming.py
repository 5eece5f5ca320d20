"""The watcher on a stack's host, as this side speaks with it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlflow_ops.commands import parse_facts
from mlflow_ops.errors import BadOption, CommandFailed, MlflowOpsError
from mlflow_ops.iam.scopes import OWN
from mlflow_ops.lifetime import answers, commands, durations, units
from trainer import visible

if TYPE_CHECKING:
    from mlflow_ops.lifetime.answers import Told
    from mlflow_ops.stack import Stack

BEHAVIOUR: Final = "instanceInitiatedShutdownBehavior"
STOP = "stop"
# What moving the end takes: to tell it in a tag.
ALLOWS = OWN.allow("ec2", "CreateTags")


@dataclass(frozen=True)
class Facts:
    """What the host says of its watcher; `told` is None where it has no limits, or says nothing."""

    known: dict[str, str]
    told: Told | None

    @property
    def systemd(self) -> bool:
        """Whether systemd runs it there."""
        return self.known["systemd"] not in {"", "offline"}

    @property
    def armed(self) -> bool:
        """Whether there is anything of it."""
        return bool(self.known["told"] or self.known["program"])

    @property
    def works(self) -> bool:
        """Whether it is as this version has it, and looks."""
        right = units.right(systemd=self.systemd)
        return all(self.known[name] == value for name, value in right.items()) and self.looks

    @property
    def looks(self) -> bool:
        """Whether it looks, of whatever version it is."""
        if not self.systemd:
            return self.known["running"] == "yes"
        return self.known["active"] == "active" and self.known["failed"] != "failed"


def facts(stack: Stack) -> Facts:
    """Ask the host what its limits are."""
    known = dict.fromkeys(commands.FACTS, "") | parse_facts(stack.host().ask(commands.facts()))
    return Facts(known, answers.told(known["told"]))


def arm(stack: Stack, there: Facts) -> None:
    """Put the watcher there and give it the limits of the stack's shape."""
    host, systemd = stack.host(), there.systemd
    if not there.works:
        host.put(units.WAITING["program"], units.program_text())
        if systemd:
            host.put(units.WAITING["service"], units.UNIT_TEXT)
            host.put(units.WAITING["timer"], units.TIMER_TEXT)
        else:
            host.put(units.SCRIPT.script, units.script())
        host.run(commands.install(systemd=systemd))
        host.run(commands.begin(systemd=systemd))
    wish = {name: durations.seconds(getattr(stack.shape, name)) or None for name in ("ttl", "idle")}
    host.run(commands.run("arm", systemd=systemd), stdin=json.dumps(wish))


def disarm(stack: Stack, there: Facts) -> None:
    """Take the watcher away, and its limits with it."""
    stack.host().run(commands.remove(systemd=there.systemd))


def extend(stack: Stack, there: Facts, long: int) -> Told:
    """Move the end of the time limit; raise BadOption when it would be too far away."""
    printed = stack.host().run(commands.run(f"extend {long}", systemd=there.systemd))
    if error := answers.answer(printed).get("error"):
        raise BadOption(visible.line(str(error), 200))
    found = answers.told(printed)
    if found is None or found.until is None:
        raise CommandFailed(f"The host does not say until when it was extended: {printed[-200:]!r}")
    return found


def check_shutdown(stack: Stack, instance_id: str) -> None:
    """Raise MlflowOpsError for an instance that would be terminated, not stopped, by its host.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_ChangingInstanceInitiatedShutdownBehavior.html
    """
    asked = stack.aws.ec2.describe_instance_attribute(InstanceId=instance_id, Attribute=BEHAVIOUR)
    behaviour = asked.get("InstanceInitiatedShutdownBehavior", {}).get("Value", STOP)
    if behaviour != STOP:
        raise MlflowOpsError(
            f"The instance {instance_id} is set to {behaviour} when its host shuts down, which "
            "would end it with its disk at its limit. Set it to stop, and run the same command "
            f"again: `aws ec2 modify-instance-attribute --instance-id {instance_id} "
            f"--instance-initiated-shutdown-behavior stop --region {stack.names.region}`"
        )
