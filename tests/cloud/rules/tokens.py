"""A launch with a ClientToken happens once, however often it is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from cloud import backends
from cloud.wire import Answer, refusal

from .instances import launched

if TYPE_CHECKING:
    from cloud.wire import Ask, Call

# https://docs.aws.amazon.com/AWSEC2/latest/devguide/ec2-api-idempotency.html
OTHER = (
    "Arguments on this idempotent request are inconsistent with arguments used in previous "
    "request(s)."
)
DEAD = "The client token {token} was used for an instance that is terminated: {id}."


class Launch(NamedTuple):
    """What a token was used for."""

    parameters: dict[str, Any]
    instance: str
    answer: Answer


@dataclass
class Tokens:
    """Answers a repeated launch with the first one's instance."""

    on: bool = True
    _launches: dict[tuple[str, str], Launch] = field(default_factory=dict)

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at a launch."""
        token = call.parameters.get("ClientToken", "")
        if not self.on or call.operation != "RunInstances" or not token:
            return ask()
        before = self._launches.get((call.region, token))
        if before:
            return _again(call, before)
        answer = ask()
        for identifier in launched(answer):
            self._launches[call.region, token] = Launch(call.parameters, identifier, answer)
        return answer


def _again(call: Call, before: Launch) -> Answer:
    if call.parameters != before.parameters:
        return refusal(call, "IdempotentParameterMismatch", OTHER)
    instance = backends.ec2(call.region).get_instance_by_id(before.instance)
    if instance is None or instance.state in {"shutting-down", "terminated"}:
        said = DEAD.format(token=call.parameters["ClientToken"], id=before.instance)
        return refusal(call, "IdempotentInstanceTerminated", said)
    return before.answer
