"""AWS's ways of saying that the caller may not, or may no longer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import backends
from .wire import refusal

if TYPE_CHECKING:
    from .wire import Answer, Call

CALLER = f"arn:aws:iam::{backends.ACCOUNT}:user/operator"
NOT = "User: {caller} is not authorized to perform: {action} on resource: {resource}"
WHY = " because no identity-based policy allows the {action} action"
EC2 = (
    "You are not authorized to perform this operation. {said}. "
    "Encoded authorization failure message: 4tLzr0rVsHyzUcCzZ8Wc3XK2hw1mQbFf9l0aD7sVwqk"
)
TOKEN = "The security token included in the request is expired"
EXPIRED = {
    "ec2": ("RequestExpired", "Request has expired.", 400),
    "s3": ("ExpiredToken", "The provided token has expired.", 400),
    "iam": ("ExpiredToken", TOKEN, 403),
    "sts": ("ExpiredToken", TOKEN, 403),
}


def denied(call: Call, action: str = "", resource: str = "*") -> Answer:
    """Return a service's refusal of an IAM action (`ec2:RunInstances`) on a resource's ARN.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
    """
    action = action or str(call)
    where = f'"{resource}"' if call.service == "s3" else resource
    said = (NOT + WHY).format(caller=CALLER, action=action, resource=where)
    if call.service == "ec2":
        return refusal(call, "UnauthorizedOperation", EC2.format(said=said), 403)
    if call.service in {"iam", "s3", "sts"}:
        return refusal(call, "AccessDenied", said, 403)
    return refusal(call, "AccessDeniedException", said, 400)


def expired(call: Call) -> Answer:
    """Return a service's word that the caller's session is over."""
    return refusal(call, *EXPIRED.get(call.service, ("ExpiredTokenException", TOKEN, 400)))
