"""What moto lacks of SSM and of EC2 Instance Connect: Ubuntu's image, and keys pushed to hosts."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cloud import backends
from cloud.images import UBUNTU
from cloud.wire import JSON, answer, refusal

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

PUBLIC = re.compile(
    r"/aws/service/canonical/ubuntu/server/24\.04/stable/current/(amd64|arm64)/hvm/ebs-gp3/ami-id"
)
# https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html
PUSHED_FOR = 60.0


@dataclass
class Ubuntu:
    """Answers with Canonical's public parameter."""

    on: bool = True

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at a question for a parameter."""
        name = call.parameters.get("Name", "")
        found = PUBLIC.fullmatch(name) if call.operation == "GetParameter" and self.on else None
        if not found:
            return ask()
        held = {"Name": name, "Type": "String", "Value": UBUNTU[found[1]], "Version": 1}
        return answer(json.dumps({"Parameter": held | {"DataType": "text"}}), JSON)


@dataclass
class PushedKeys:
    """Takes the public keys that SendSSHPublicKey pushes to a running instance, for a minute."""

    _pushed: dict[str, list[tuple[float, str]]] = field(default_factory=dict)

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at a push."""
        if call.operation != "SendSSHPublicKey":
            return ask()
        identifier = call.parameters["InstanceId"]
        instance = backends.ec2(call.region).get_instance_by_id(identifier)
        if instance is None or instance.state == "terminated":
            said = f"The specified instance {identifier} does not exist"
            return refusal(call, "EC2InstanceNotFoundException", said, 404)
        if instance.state != "running":
            said = f"The instance {identifier} is {instance.state}, not running"
            return refusal(call, "EC2InstanceStateInvalidException", said)
        given = time.monotonic(), call.parameters["SSHPublicKey"]
        self._pushed.setdefault(identifier, []).append(given)
        return answer(json.dumps({"RequestId": "strict", "Success": True}), JSON)

    def of(self, identifier: str) -> list[str]:
        """Return the keys pushed to an instance within the last minute."""
        since = time.monotonic() - PUSHED_FOR
        return [key for given, key in self._pushed.get(identifier, []) if given > since]
