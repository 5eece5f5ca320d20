"""IAM as a rule of the strict cloud: calls of ours get what policy documents allow, and no more.

Which actions and resources a call takes is AWS's word, not the product's:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from .needs import needs
from .wire import Answer, answer, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .needs_ec2 import Need
    from .wire import Ask, Call

OPERATOR = "arn:aws:iam::123456789012:user/operator"
ENCODED = "Encoded authorization failure message: " + "w0Jd-4xK" * 40
EC2_SAYS = "You are not authorized to perform this operation. {said}. {encoded}"


class Used(NamedTuple):
    """What of a policy has allowed something: an action of a statement."""

    sid: str
    action: str


@dataclass
class Permissions:
    """A rule; `used` are the parts that something has hung on, `refused` is what none allows."""

    document: dict[str, Any]
    used: dict[Used, None] = field(default_factory=dict)
    refused: list[Need] = field(default_factory=list)

    def rule(self, call: Call, ask: Ask) -> Answer:
        """Ask on when every need of the call is allowed."""
        if not call.ours or call.service == "sts":
            return ask()
        wanting = [need for need in needs(call) if not self.allows(need)]
        if not wanting:
            return ask()
        self.refused += wanting
        return _denial(call, wanting)

    def allows(self, need: Need) -> bool:
        """Whether some statement allows it."""
        found = self.parts_for(need)
        if len(found) == 1:  # of two that do, neither is needed
            self.used |= dict.fromkeys(found)
        return bool(found)

    def parts_for(self, need: Need) -> list[Used]:
        """Return the parts of the policy that allow it, each by itself."""
        return [
            Used(statement["Sid"], pattern)
            for statement in self.document["Statement"]
            for pattern in listed(statement["Action"])
            if _allows(statement, pattern, need)
        ]

    def without(self, *left_out: Used) -> Permissions:
        """Return the same rule without these parts."""
        statements = [
            {
                **each,
                "Action": [a for a in listed(each["Action"]) if (each["Sid"], a) not in left_out],
            }
            for each in self.document["Statement"]
        ]
        return Permissions({**self.document, "Statement": statements})


def _allows(statement: dict[str, Any], pattern: str, need: Need) -> bool:
    return (
        statement["Effect"] == "Allow"
        and matches(pattern.lower(), need.action.lower())
        and any(matches(each, need.resource) for each in listed(statement["Resource"]))
        and all(
            _holds(operator, keys, need.context)
            for operator, keys in statement.get("Condition", {}).items()
        )
    )


def _holds(operator: str, keys: dict[str, Any], context: dict[str, str]) -> bool:
    """Whether each key has one of its values; a key that the request lacks has none."""
    assert operator in {"StringEquals", "StringLike", "ArnEquals", "ArnLike"}, operator
    exact = operator == "StringEquals"
    given = {key.lower(): value for key, value in context.items()}
    return all(
        (value := given.get(key.lower())) is not None
        and any(value == each if exact else matches(each, value) for each in listed(wanted))
        for key, wanted in keys.items()
    )


def listed(given: str | list[str]) -> list[str]:
    """Return a list of what IAM takes alone or in a list."""
    return [given] if isinstance(given, str) else given


def matches(pattern: str, text: str) -> bool:
    """Whether a text is what an IAM pattern means: `*` is anything, `?` any one character."""
    words = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(words, text, re.DOTALL) is not None


def _denial(call: Call, wanting: list[Need]) -> Answer:
    first = wanting[0]
    on = "" if first.resource == "*" else f" on resource: {first.resource}"
    said = (
        f"User: {OPERATOR} is not authorized to perform: {first.action}{on} because no "
        f"identity-based policy allows the {first.action} action"
    )
    if call.service == "ec2":
        message = EC2_SAYS.format(said=said, encoded=ENCODED)
        return refusal(call, "UnauthorizedOperation", message, 403)
    if call.operation == "DeleteObjects":
        return _undeleted(call, said)
    if call.service in {"s3", "iam"}:
        return refusal(call, "AccessDenied", said, 403)
    return refusal(call, "AccessDeniedException", said)


def _undeleted(call: Call, said: str) -> Answer:
    """Say of every key that it may not go, as S3 does inside a good answer."""
    keys: Iterable[Any] = call.parameters["Delete"]["Objects"]
    errors = "".join(
        f"<Error><Key>{each['Key']}</Key><Code>AccessDenied</Code><Message>{said}</Message></Error>"
        for each in keys
    )
    return answer(f"<DeleteResult>{errors}</DeleteResult>")
