"""The least IAM policy that an operator needs for each command, made from what the steps declare.

`sts:GetCallerIdentity` is not in it, since AWS lets everybody ask who they are:
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_ops.iam.commands import AS_TAUGHT, COMMANDS, CREDENTIALS
from mlflow_ops.policies import VERSION, ec2_service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_ops.iam.scopes import Allowed, Scope
    from mlflow_ops.names import Names

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
LONGEST = 6144


def policy(
    commands: Iterable[str],
    names: Names,
    partition: str,
    *,
    credentials: str = "keys",
    as_taught: bool = False,
) -> dict[str, Any]:
    """Return the policy document that allows these commands on the stack, and nothing else.

    The account in the names may be `*`. `credentials` are those of the stack's server: "keys" or
    "role". With `as_taught`, `up --as-taught` is allowed too.
    """
    chosen = list(commands)
    allowed = {each for command in chosen for each in COMMANDS[command]}
    if {"up", "start"} & {*chosen}:
        allowed |= {*CREDENTIALS[credentials], *(AS_TAUGHT if as_taught else ())}
    return {
        "Version": VERSION,
        "Statement": list(_statements(allowed, _words(names, partition))),
    }


def length(document: dict[str, Any]) -> int:
    """Return how long IAM finds a policy: it does not count white space between words."""
    return len(json.dumps(document, separators=(",", ":")))


def _words(names: Names, partition: str) -> dict[str, str]:
    return {
        "partition": partition,
        "account": names.account,
        "region": names.region,
        "stack": names.stack,
        "base": names.base,
        "bucket": names.bucket,
        "ec2": ec2_service(partition),
    }


def _statements(allowed: set[Allowed], words: dict[str, str]) -> Iterator[dict[str, Any]]:
    for scope in sorted({scope for scope, _ in allowed}, key=lambda scope: scope.sid):
        wider = {action for other, action in allowed if other != scope and other.covers(scope)}
        if actions := sorted({action for other, action in allowed if other == scope} - wider):
            yield _statement(scope, actions, words)


def _statement(scope: Scope, actions: list[str], words: dict[str, str]) -> dict[str, Any]:
    conditions: dict[str, dict[str, Any]] = {}
    for operator, key, *values in scope.given:
        given = _short([value.format_map(words) for value in values])
        conditions.setdefault(operator, {})[key] = given
    return {
        "Sid": scope.sid,
        "Effect": "Allow",
        "Action": _short(actions),
        "Resource": _short([arn.format_map(words) for arn in scope.arns]),
        **({"Condition": conditions} if conditions else {}),
    }


def _short(listed: list[str]) -> list[str] | str:
    """Return a list of one as IAM takes it too, for policies must be short."""
    return listed[0] if len(listed) == 1 else listed
