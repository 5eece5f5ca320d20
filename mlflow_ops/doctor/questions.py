"""A policy as what IAM's simulator is asked: may these actions be called on these very things.

The simulator wants whole ARNs and the values of conditions:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from mlflow_ops.names import IAM_PATH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_ops.names import Names

# Which kinds of thing an action of EC2's is judged by, made new or named by it:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
NEW = {
    "RunInstances": ("instance", "network-interface", "volume"),
    "CreateSecurityGroup": ("security-group",),
    "ImportKeyPair": ("key-pair",),
    "AllocateAddress": ("elastic-ip",),
    "AuthorizeSecurityGroupIngress": ("security-group-rule",),
}
AROUND = {"RunInstances": ("image", "subnet", "key-pair"), "CreateSecurityGroup": ("vpc",)}
TIED = ("elastic-ip", "instance", "network-interface")
OLD = {
    "RunInstances": ("security-group",),
    "CreateTags": ("instance", "key-pair"),
    "AuthorizeSecurityGroupIngress": ("security-group",),
    "RevokeSecurityGroupIngress": ("security-group",),
    "DeleteSecurityGroup": ("security-group",),
    "DeleteKeyPair": ("key-pair",),
    "AssociateAddress": TIED,
    "DisassociateAddress": TIED,
    "ReleaseAddress": ("elastic-ip",),
}
IDS = {
    "elastic-ip": "eipalloc",
    "image": "ami",
    "instance": "i",
    "key-pair": "key",
    "network-interface": "eni",
    "security-group": "sg",
    "security-group-rule": "sgr",
    "subnet": "subnet",
    "volume": "vol",
    "vpc": "vpc",
}
RULE = "security-group-rule"
SOME = "0123456789abcdef0"


class Question(NamedTuple):
    """Actions, the things that they are called on, and what is known of the request."""

    actions: tuple[str, ...]
    arns: tuple[str, ...]
    context: tuple[tuple[str, str], ...]


def of(document: dict[str, Any], names: Names) -> Iterator[Question]:
    """Yield what a policy document of ours comes to, with actions on the same things together."""
    for statement in document["Statement"]:
        for context in _contexts(statement, names.region):
            together: dict[tuple[str, ...], list[str]] = {}
            for action in _listed(statement["Action"]):
                arns = _arns(action, statement["Resource"], dict(context), names)
                if arns:
                    together.setdefault(arns, []).append(action)
            for arns, actions in together.items():
                yield Question(tuple(actions), arns, context)


def _contexts(statement: dict[str, Any], region: str) -> Iterator[tuple[tuple[str, str], ...]]:
    """Yield what is known of a request: one for each value where a condition takes several."""
    known = {"aws:RequestedRegion": region}
    conditions = statement.get("Condition", {}).values()
    held = {key: _listed(value) for keys in conditions for key, value in keys.items()}
    several = next((key for key, values in held.items() if len(values) > 1), "")
    for value in held.get(several, [""]):
        given = known | {key: values[0] for key, values in held.items()}
        given |= {several: value} if several else {}
        yield tuple(given.items())


def _arns(
    action: str, resource: list[str] | str, context: dict[str, str], names: Names
) -> tuple[str, ...]:
    """Return the things that a call of the action would be about, among those of the statement."""
    found: list[str] = []
    for pattern in _listed(resource):
        service = pattern.split(":")[2] if ":" in pattern else ""
        if service == "ec2":
            found += _compute(action, pattern, context, names)
        elif service == "iam":
            found += _identity(action, pattern)
        else:
            found.append(pattern)
    return tuple(found)


def _compute(action: str, pattern: str, context: dict[str, str], names: Names) -> Iterable[str]:
    *front, last = pattern.split(":")
    start = ":".join(part if part != "*" else names.account for part in front)
    call = action.partition(":")[2]
    kind, _, name = last.partition("/")
    kinds = _kinds(call, context) if kind == "*" else (kind,)
    if kind != "*" and name == "*" and kind not in _judged(call):
        return []
    return [f"{start}:{k}/{name if name not in {'', '*'} else f'{IDS[k]}-{SOME}'}" for k in kinds]


def _kinds(call: str, context: dict[str, str]) -> tuple[str, ...]:
    """Return what an action is called on where the statement leaves that open."""
    if made := context.get("ec2:CreateAction"):
        return NEW[made]
    return OLD.get(call, ("instance",))


def _judged(call: str) -> tuple[str, ...]:
    if call == "CreateTags":
        return (RULE,)
    return (*NEW.get(call, ()), *AROUND.get(call, ())) or ("instance",)


def _identity(action: str, pattern: str) -> Iterable[str]:
    """Return the user, role or profile of a statement that leaves open which it is."""
    start, _, name = pattern.partition("*/")
    if not name:
        return [pattern.replace("/*", "/any")]
    if not start.endswith(":"):  # it is said which, and of any path
        return [f"{start}{IAM_PATH}{name}"]
    call = action.partition(":")[2]
    kind = "user"
    if "Role" in call:
        kind = "role"
    if "InstanceProfile" in call:
        kind = "instance-profile"
    return [f"{start}{kind}{IAM_PATH}{name}"]


def _listed(given: list[str] | str) -> list[str]:
    """Return a list of what IAM takes alone or in a list."""
    return [given] if isinstance(given, str) else given
