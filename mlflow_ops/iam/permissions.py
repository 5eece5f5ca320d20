"""The least IAM policy that an operator needs for each command, made from what the steps declare.

`sts:GetCallerIdentity` is not in it, since AWS lets everybody ask who they are:
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_ops import elsewhere
from mlflow_ops.iam import scopes
from mlflow_ops.iam.scopes import ACCOUNT, HERE
from mlflow_ops.inventory import ec2_kinds, iam_kinds
from mlflow_ops.steps import STEPS, instance

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_ops.iam.scopes import Allowed, Scope
    from mlflow_ops.names import Names

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length
LONGEST = 6144

CHOICES = (
    *HERE.allow("ec2", "DescribeVpcs DescribeSubnets DescribeInstanceTypeOfferings"),
    *HERE.allow("ec2", "DescribeInstanceTypes DescribeImages DescribeRouteTables"),
    *scopes.IMAGE.allow("ssm", "GetParameter"),
)
LEASE = (
    *HERE.allow("ec2", "DescribeKeyPairs"),
    *scopes.KEY_PAIR.allow("ec2", "ImportKeyPair DeleteKeyPair"),
    *scopes.TAGS.allow("ec2", "CreateTags"),
    # A lock is renewed, and one whose holder is dead is freed, by its id.
    *scopes.KEY_PAIR_ID.allow("ec2", "CreateTags DeleteKeyPair"),
)
LOGIN = scopes.LOGIN.allow("ec2-instance-connect", "SendSSHPublicKey")


def _called(ask: str) -> str:
    """Return IAM's name for an action, from the SDK's name for the call."""
    return "".join(WORDS.get(word, word.capitalize()) for word in ask.split("_"))


WORDS = {"mfa": "MFA", "ssh": "SSH"}
LISTS = " ".join(_called(kind.ask) for kind in iam_kinds.KINDS)
DESCRIPTIONS = " ".join(_called(kind.ask) for kind in ec2_kinds.KINDS)


def _parts(*kinds: iam_kinds.Kind) -> str:
    """Return the actions that tell what is on a thing of IAM's."""
    asked = ((kind.tags[0], *(part.ask for part in kind.parts)) for kind in kinds)
    return " ".join(_called(ask) for asks in asked for ask in asks)


USERS, *ROLES = iam_kinds.KINDS
LAST_LOOK = (
    *HERE.allow("ec2", DESCRIPTIONS),
    *HERE.allow("tag", "GetResources"),
    *ACCOUNT.allow("iam", LISTS),
    *scopes.USER.allow("iam", _parts(USERS)),
    *scopes.ROLE.allow("iam", _parts(*ROLES)),
    *scopes.BUCKET.allow("s3", "GetBucketTagging"),
)
AUDIT = (
    *ACCOUNT.allow("ec2", f"{DESCRIPTIONS} DescribeRegions"),
    *ACCOUNT.allow("tag", "GetResources"),
    *ACCOUNT.allow("iam", LISTS),
    *ACCOUNT.allow("s3", "ListAllMyBuckets"),
    *scopes.EVERY_IAM.allow("iam", _parts(USERS, *ROLES)),
    *scopes.EVERY_BUCKET.allow("s3", "GetBucketTagging"),
)


def _steps(*verbs: str) -> tuple[Allowed, ...]:
    allows = (step.ALLOWS.get(verb, ()) for step in STEPS.values() for verb in verbs)
    return tuple(allowed for each in allows for allowed in each)


CLIENT = (*instance.ALLOWS["find"], *elsewhere.ALLOWS)
COMMANDS: dict[str, tuple[Allowed, ...]] = {
    "up": (
        *_steps("find", "compare", "create", "ready"),
        *CHOICES,
        *LEASE,
        *LOGIN,
        *elsewhere.ALLOWS,
    ),
    "status": (*_steps("find", "ready"), *elsewhere.ALLOWS),
    "train": CLIENT,
    "run": CLIENT,
    "check": CLIENT,
    "audit": AUDIT,
    "down": (*_steps("find", "destroy", "keep"), *LEASE, *LAST_LOOK),
}
AS_TAUGHT = _steps("as_taught")


def policy(
    commands: Iterable[str], names: Names, partition: str, *, as_taught: bool = False
) -> dict[str, Any]:
    """Return the policy document that allows these commands on the stack, and nothing else.

    The account in the names may be `*`. With `as_taught`, `up --as-taught` is allowed too.
    """
    chosen = list(commands)
    allowed = {each for command in chosen for each in COMMANDS[command]}
    if as_taught and "up" in chosen:
        allowed |= set(AS_TAUGHT)
    return {
        "Version": "2012-10-17",
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
