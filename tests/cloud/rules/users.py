"""An IAM user can be deleted when nothing is attached to it any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloud import backends
from cloud.wire import refusal

if TYPE_CHECKING:
    from cloud.wire import Answer, Ask, Call

# https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html
HELD = {
    "access_keys": "delete access keys",
    "policies": "delete policies",
    "managed_policies": "detach all policies",
    "password": "delete login profile",
    "mfa_devices": "delete MFA device",
    "signing_certificates": "delete signing certificates",
    "ssh_public_keys": "delete SSH public keys",
    "service_specific_credentials": "delete service specific credentials",
}


@dataclass
class Users:
    """Refuses to delete a user that still has something."""

    on: bool = True

    def __call__(self, call: Call, ask: Ask) -> Answer:
        """Look at a user's deletion."""
        if not self.on or call.operation != "DeleteUser" or call.service != "iam":
            return ask()
        name = call.parameters.get("UserName", "")
        user = backends.iam().users.get(name)
        held = [words for part, words in HELD.items() if getattr(user, part, None)]
        if user and backends.iam().get_groups_for_user(name):
            held.append("remove users from group")
        if held:
            said = f"Cannot delete entity, must {held[0]} first."
            return refusal(call, "DeleteConflict", said, status=409)
        return ask()
