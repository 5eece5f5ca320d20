"""The one instance of the test cloud: keeps the cloud's instance and the machine in step."""

from __future__ import annotations

import base64
import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from cloud import backends
from cloud.rules.instances import launched
from moto.ec2.models.instances import StateReason

if TYPE_CHECKING:
    from cloud.server import StrictCloud
    from cloud.wire import Answer, Ask, Call

    from .kinds import Machine

# moto invents addresses in 54.214.0.0/16, and names that lead to real hosts of AWS for ours too.
INVENTED = re.compile(rb"<(\w+)>(?:(?:ec2-|ip-)?54[.-]214[.-]|(?:ec2|ip)-127-)[^<]*</\1>")
OUTPUT = re.compile(rb"<output>.*?</output>", re.DOTALL)


class Instance:
    """Lets the cloud answer, and does to the machine what the call does to the instance."""

    def __init__(self, machine: Machine, cloud: StrictCloud) -> None:
        self._machine = machine
        self._cloud = cloud
        self._id = ""
        self._region = ""
        self._lock = threading.Lock()
        self._deeds = {
            "StopInstances": machine.power_off,
            "StartInstances": machine.power_on,
            "RebootInstances": machine.reboot,
            "TerminateInstances": machine.halt,
        }

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Return the cloud's answer to a call, true to the machine; one call to EC2 at a time."""
        if call.service != "ec2":
            return ask()
        with self._lock:
            if self._id and self._machine.is_over():
                self._end_by_itself()
            answer = ask()
            if answer.good and call.operation == "RunInstances":
                self._boot(call, answer)
            elif answer.good and self._id in self._named(call):
                answer = self._done(call, answer)
            return replace(answer, body=INVENTED.sub(b"", answer.body))

    def _end_by_itself(self) -> None:
        """Stop the instance of a machine that has shut itself down, as it was launched to do."""
        found = backends.ec2(self._region).get_instance(self._id)
        if found.state != "running":
            return
        ends = found.instance_initiated_shutdown_behavior == "terminate"
        (found.terminate if ends else found.stop)()
        code = "Client.InstanceInitiatedShutdown"
        found.state_reason = StateReason(f"{code}: Instance initiated shutdown", code)
        self._cloud.states.move(self._region, self._id, None)

    def _named(self, call: Call) -> list[str]:
        return [*call.parameters.get("InstanceIds", []), call.parameters.get("InstanceId", "")]

    def _boot(self, call: Call, answer: Answer) -> None:
        """Boot the machine with what was launched, unless it was the same launch again."""
        made = launched(answer)[0]
        if self._id == made:
            return
        self._id, self._region = made, call.region
        pair = backends.ec2(call.region).key_pairs.get(call.parameters.get("KeyName", ""))
        user_data = base64.b64decode(call.parameters.get("UserData", "")).decode()
        self._machine.boot(pair.public_key if pair else "", user_data)
        self._cloud.states.move(self._region, self._id, self._machine.address)
        self._cloud.capacity.out = {f"{call.region}{zone}" for zone in "abcdef"}

    def _done(self, call: Call, answer: Answer) -> Answer:
        """Do to the machine what the call did to the instance; show its console when asked."""
        if call.operation == "GetConsoleOutput":
            console = base64.b64encode(self._machine.console().encode()[-65536:])
            return replace(answer, body=OUTPUT.sub(b"<output>%s</output>" % console, answer.body))
        if deed := self._deeds.get(call.operation):
            deed()
            on = call.operation in {"StartInstances", "RebootInstances"}
            address = self._machine.address if on else None
            self._cloud.states.move(self._region, self._id, address)
        if call.operation == "TerminateInstances":
            self._id, self._cloud.capacity.out = "", set()
        return answer
