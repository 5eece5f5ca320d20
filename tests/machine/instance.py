"""The one instance of the test cloud: keeps moto's instance and the machine in step."""

from __future__ import annotations

import base64
import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import EC2Backend, ec2_backends

from .wsgi import Answer, Call, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from .kinds import Machine

    Moto = Callable[[], Answer]

# moto invents addresses in 54.214.0.0/16, and names that lead to real hosts of AWS for ours too.
INVENTED = re.compile(rb"<(\w+)>(?:(?:ec2-|ip-)?54[.-]214[.-]|(?:ec2|ip)-127-)[^<]*</\1>")
OUTPUT = re.compile(rb"<output>.*?</output>", re.DOTALL)
LAUNCHED = re.compile(rb"<instanceId>(i-[0-9a-f]+)</instanceId>")


class Instance:
    """Lets moto answer, and does to the machine what the call does to the instance."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._id = ""
        self._region = ""
        self._launches: dict[str, Answer] = {}
        self._lock = threading.Lock()
        self._deeds = {
            "StopInstances": machine.power_off,
            "StartInstances": machine.power_on,
            "RebootInstances": machine.reboot,
            "TerminateInstances": machine.halt,
        }

    def answer(self, call: Call, moto: Moto) -> Answer:
        """Return moto's answer to a call, true to the machine; one call at a time."""
        with self._lock:
            answer = self._run(call, moto) if call.action == "RunInstances" else moto()
            if answer.good and self._id in call.instances():
                answer = self._done(call, answer)
            return replace(answer, body=INVENTED.sub(b"", answer.body))

    def _run(self, call: Call, moto: Moto) -> Answer:
        """Launch, unless the same launch was asked for before or the machine is in use."""
        token = call.form.get("ClientToken", "")
        if token in self._launches:
            return self._launches[token]
        if self._id:
            return refusal("InsufficientInstanceCapacity", "The test cloud has one machine.")
        answer = moto()
        if answer.good:
            self._boot(call, answer)
            self._launches |= {token: answer} if token else {}
        return answer

    def _boot(self, call: Call, answer: Answer) -> None:
        """Boot the machine with what was launched."""
        found = LAUNCHED.search(answer.body)
        assert found, answer.body
        self._id, self._region = found[1].decode(), call.region
        pair = self._backend().key_pairs.get(call.form.get("KeyName", ""))
        user_data = base64.b64decode(call.form.get("UserData", "")).decode()
        self._machine.boot(pair.public_key if pair else "", user_data)
        self._set_address(self._machine.address)

    def _done(self, call: Call, answer: Answer) -> Answer:
        """Do to the machine what the call did to the instance; show its console when asked."""
        if call.action == "GetConsoleOutput":
            console = base64.b64encode(self._machine.console().encode()[-65536:])
            return replace(answer, body=OUTPUT.sub(b"<output>%s</output>" % console, answer.body))
        if deed := self._deeds.get(call.action):
            deed()
            on = call.action in {"StartInstances", "RebootInstances"}
            self._set_address(self._machine.address if on else None)
        if call.action == "TerminateInstances":
            self._id = ""
        return answer

    def _set_address(self, address: str | None) -> None:
        """Tell moto the instance's public address."""
        nics = self._backend().get_instance(self._id).nics
        nics[0].public_ip = address

    def _backend(self) -> EC2Backend:
        """Return moto's EC2 in the instance's region."""
        return ec2_backends[DEFAULT_ACCOUNT_ID][self._region]
