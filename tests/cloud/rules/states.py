"""An instance takes its time: each question of ours brings it one step further, never the clock."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cloud import backends
from cloud.front import MOTO
from cloud.wire import refusal

from .addresses import at_its_instance
from .instances import changed, enter, item, launched, without

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

ADDRESS = re.compile(rb"<(ipAddress|dnsName|association)>.*?</\1>", re.DOTALL)
UNSEEN = "unseen"
QUESTIONS = {"DescribeInstances", "DescribeInstanceStatus", "DeleteSecurityGroup"}
ACTS = {"StartInstances", "StopInstances", "TerminateInstances"}


@dataclass
class States:
    """Counts our questions: how many find an instance in each state before the next one.

    Only what our own calls launch, start, stop or terminate takes time; the tests' own calls act
    at once. 0 switches a state off.
    """

    unseen: int = 1
    pending: int = 1
    stopping: int = 1
    dying: int = 1
    _coming: dict[str, list[str]] = field(default_factory=dict)
    _address: dict[str, str] = field(default_factory=dict)

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Let a call of ours see the instances as they are now, and change them slowly."""
        if call.service != "ec2" or not call.ours:
            return self._at_once(call, ask)
        deed = {
            "RunInstances": self._launch,
            "StartInstances": self._start,
            "StopInstances": self._slowly,
            "TerminateInstances": self._slowly,
        }.get(call.operation, self._look)
        with MOTO:
            return deed(call, ask)

    def move(self, region: str, identifier: str, address: str | None) -> None:
        """Give an instance another public address, to be seen once it runs."""
        if identifier in self._address and address:
            self._address[identifier] = address
        else:
            backends.ec2(region).get_instance(identifier).nics[0].public_ip = address

    def _at_once(self, call: Call, ask: Ask) -> Answer:
        """Let somebody else's call have its way with an instance that was still on its own."""
        named = call.parameters.get("InstanceIds", []) if call.operation in ACTS else []
        for identifier in named:
            self._coming.pop(identifier, None)
        answer, find = ask(), backends.ec2(call.region).get_instance_by_id
        for instance in filter(None, map(find, named)):
            _show(instance, instance.nics[0].public_ip)
        return answer

    def _look(self, call: Call, ask: Ask) -> Answer:
        if call.operation not in QUESTIONS:
            return ask()
        named = call.parameters.get("InstanceIds")
        hidden = [one for one in list(self._coming) if not named or one in named]
        hidden = [one for one in hidden if self._step(call.region, one) == UNSEEN]
        with without(call.region, hidden):
            return ask()

    def _step(self, region: str, identifier: str) -> str:
        """Bring an instance into its next state, and return that."""
        instance = backends.ec2(region).get_instance_by_id(identifier)
        if instance is None:  # of another region
            return ""
        state, *later = self._coming[identifier]
        self._coming[identifier] = later
        if not later:
            del self._coming[identifier]
        if state == "running":
            _show(instance, self._address.pop(identifier, None))
        ends = {"stopped": instance.stop, "terminated": instance.terminate}
        ends.get(state, lambda: enter(instance, state))()
        if state == "stopped":
            _show(instance, None)
        return state

    def _launch(self, call: Call, ask: Ask) -> Answer:
        answer = ask()
        for identifier in launched(answer):
            self._boot(call.region, identifier, self.unseen)
        return replace(answer, body=ADDRESS.sub(b"", answer.body)) if self._coming else answer

    def _start(self, call: Call, ask: Ask) -> Answer:
        for identifier in call.parameters["InstanceIds"]:
            instance = backends.ec2(call.region).get_instance_by_id(identifier)
            if instance and instance.state not in {"stopped", "running", "pending"}:
                said = f"The instance '{identifier}' is not in a state from which it can start"
                return refusal(call, "IncorrectInstanceState", said)
        started = ask()
        for identifier in call.parameters["InstanceIds"] if started.good else []:
            self._boot(call.region, identifier, 0)
        return started.saying(b"<code>16</code><name>running", b"<code>0</code><name>pending")

    def _boot(self, region: str, identifier: str, unseen: int) -> None:
        steps = [UNSEEN] * unseen + ["pending"] * self.pending
        if not steps:
            return
        instance = backends.ec2(region).get_instance(identifier)
        self._address[identifier] = instance.nics[0].public_ip
        _show(instance, None)
        enter(instance, "pending")
        self._coming[identifier] = [*steps, "running"]

    def _slowly(self, call: Call, ask: Ask) -> Answer:
        """Begin what TerminateInstances or StopInstances asks for; moto ends it later."""
        ending = call.operation == "TerminateInstances"
        asks, state, end = (
            (self.dying, "shutting-down", "terminated")
            if ending
            else (self.stopping, "stopping", "stopped")
        )
        find = backends.ec2(call.region).get_instance_by_id
        named = [find(one) for one in call.parameters["InstanceIds"]]
        over = {"terminated", end}
        if not asks or any(one is None or one.state in over for one in named):
            return ask()
        items = [item(one, state) for one in named]
        for one in named:
            self._begin(one, state, [state] * asks + [end])
        return changed(call.operation, items)

    def _begin(self, instance: Any, state: str, steps: list[str]) -> None:  # noqa: ANN401 - moto has no types
        if instance.state != state:
            enter(instance, state)
            _show(instance, None)
            self._coming[instance.id] = steps


def _show(instance: Any, address: str | None) -> None:  # noqa: ANN401 - moto has no types
    """Let an instance have this public address, unless an Elastic IP is tied to it."""
    instance.nics[0].public_ip = at_its_instance(instance) or address
