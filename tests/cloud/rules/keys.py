"""AWS knows a new access key a moment after it was made, and a deleted one no longer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cloud import backends
from cloud.account import KEY
from cloud.wire import refusal

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

INVALID = "The security token included in the request is invalid."
NO_KEY = "The AWS Access Key Id you provided does not exist in our records."
# In each service's own words: https://repost.aws/knowledge-center/invalidclienttokenid
UNKNOWN = {
    "ec2": ("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
    "iam": ("InvalidClientTokenId", INVALID, 403),
    "sts": ("InvalidClientTokenId", INVALID, 403),
    "s3": ("InvalidAccessKeyId", NO_KEY, 403),
}
OTHERS = ("UnrecognizedClientException", INVALID, 400)


@dataclass
class NewKeys:
    """Refuses a key's first uses, `unknown` of them, and every use of a key that is not there.

    The tests' own key is always good; so are temporary credentials and requests without any.
    """

    unknown: int = 1
    on: bool = True
    _uses: dict[str, int] = field(default_factory=dict)

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at who asks."""
        if not self.on or call.key_id in {"", KEY[0]} or call.key_id.startswith("ASIA"):
            return ask()
        used = self._uses[call.key_id] = self._uses.get(call.key_id, 0) + 1
        if used <= self.unknown or not _active(call.key_id):
            return refusal(call, *UNKNOWN.get(call.service, OTHERS))
        return ask()


def _active(key_id: str) -> bool:
    held = [key for user in backends.iam().users.values() for key in user.access_keys]
    return any(key.access_key_id == key_id and key.status == "Active" for key in held)
