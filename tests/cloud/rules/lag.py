"""The tags of what was just made show later than the thing itself."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cloud import backends
from cloud.front import MOTO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloud.wire import Answer, Ask, Call

MADE = re.compile(
    rb"<(?:instanceId|groupId|keyPairId|volumeId|networkInterfaceId|allocationId)>"
    rb"((?:i|sg|key|vol|eni|eipalloc)-[0-9a-f]+)<"
)
MAKING = {"RunInstances", "ImportKeyPair", "CreateSecurityGroup", "AllocateAddress"}


@dataclass
class Lag:
    """Hides new tags from the first `asks` questions of ours that filter by a tag; 0 is off."""

    asks: int = 0
    _new: dict[str, int] = field(default_factory=dict)

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at what is made, and at questions by tag."""
        if call.service != "ec2" or not call.ours or not (self.asks or self._new):
            return ask()
        if call.operation in MAKING:
            answer = ask()
            found = MADE.findall(answer.body) if answer.good else []
            self._new |= {name.decode(): self.asks for name in found}
            return answer
        filters = call.parameters.get("Filters", [])
        by_tag = any(f["Name"].startswith("tag") for f in filters)
        if not by_tag or not call.operation.startswith("Describe"):
            return ask()
        with MOTO, self._hidden(call.region):
            return ask()

    @contextmanager
    def _hidden(self, region: str) -> Iterator[None]:
        tags = backends.ec2(region).tags
        taken = {name: tags.pop(name) for name in list(self._new) if name in tags}
        try:
            yield
        finally:
            tags.update(taken)
            self._new = {name: left - 1 for name, left in self._new.items() if left > 1}
