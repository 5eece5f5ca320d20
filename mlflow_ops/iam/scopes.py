"""What IAM statements may speak of: a stack's resources by name or by tag, and no others.

ARNs and values are patterns, with a stack's names in braces. Which resources and conditions an
action knows: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, TypeAlias

from mlflow_ops.names import IAM_PATH, TAG

if TYPE_CHECKING:
    from collections.abc import Mapping

ARN = "arn:{partition}"
# The account is left open, as short as a policy has to be: an identity's policy allows nothing in
# another one but what that has shared, like the subnets of an organisation's VPC.
EC2 = f"{ARN}:ec2:{{region}}:*"
IAM = f"{ARN}:iam::{{account}}"


@dataclass(frozen=True)
class Scope:
    """Resources that a statement is about, and the conditions: operator, key and values each."""

    sid: str
    arns: tuple[str, ...] = ("*",)
    given: tuple[tuple[str, ...], ...] = ()

    def allow(self, service: str, actions: str) -> tuple[Allowed, ...]:
        """Allow a service's actions, named in one string, on this scope."""
        return tuple((self, f"{service}:{action}") for action in actions.split())

    def covers(self, other: Scope) -> bool:
        """Whether all of the other's resources are among these, on no further condition."""
        among = all(any(fnmatchcase(arn, pattern) for pattern in self.arns) for arn in other.arns)
        return among and set(self.given) <= set(other.given)


Allowed: TypeAlias = "tuple[Scope, str]"
# What a step's verbs need. `find` is what looking takes; `compare` what it takes besides when it
# is held against what is wanted.
Allows: TypeAlias = "Mapping[str, tuple[Allowed, ...]]"

OURS = (("StringEquals", f"aws:ResourceTag/{TAG}", "{stack}"),)
BORN_OURS = (("StringEquals", f"aws:RequestTag/{TAG}", "{stack}"),)


# Descriptions know no resource; the region they are asked in can be held fast.
HERE = Scope("LookHere", given=(("StringEquals", "aws:RequestedRegion", "{region}"),))
ACCOUNT = Scope("LookAnywhere")
# Until a thing exists, or once it is gone, IAM knows it without its path; and no two of a kind have
# one name, whatever their paths.
NAMED = Scope("OwnIam", (f"{IAM}:*/{{base}}",))
ADMINISTRATOR = Scope(
    "UserAsTaught",
    (f"{IAM}:user*/{{base}}",),
    (("ArnEquals", "iam:PolicyARN", f"{ARN}:iam::aws:policy/AdministratorAccess"),),
)
USER_GROUPS = Scope("UserGroups", (f"{IAM}:group/*",))
USER_DEVICES = Scope("UserDevices", (f"{IAM}:mfa/*",))
PASS_ROLE = Scope(
    "PassRole",
    (f"{IAM}:role*/{{base}}",),
    (("StringEquals", "iam:PassedToService", "{ec2}"),),
)
# Whoever the operator is: a policy cannot say "the role that asks".
CALLERS = Scope("Callers", (f"{IAM}:user/*", f"{IAM}:role/*"))
EVERY_IAM = Scope("OursInIam", (f"{IAM}:*{IAM_PATH}*",))
EVERY_BUCKET = Scope("OurBuckets", (f"{ARN}:s3:::mlflow-ops-*",))
BUCKET = Scope("Bucket", (f"{ARN}:s3:::{{bucket}}",))
OBJECTS = Scope("Objects", (f"{ARN}:s3:::{{bucket}}/*",))
BACKUPS = Scope("Backups", (f"{ARN}:s3:::{{bucket}}/backups/*",))
IMAGE = Scope(
    "NewestImage",
    (f"{ARN}:ssm:{{region}}::parameter/aws/service/canonical/ubuntu/server/24.04/*",),
)

KEY_PAIR = Scope("KeyPairs", (f"{EC2}:key-pair/{{base}}", f"{EC2}:key-pair/{{base}}-lock"))
# Of whatever kind: the tag says whose it is. A call that names a key pair by its id may be judged
# by that, and one about an address by the instance and its interface too.
OWN = Scope("Own", (f"{EC2}:*",), OURS)
RULES = Scope("Rules", (f"{EC2}:security-group-rule/*",), BORN_OURS)
MADE = ("elastic-ip", "instance", "network-interface", "security-group", "volume")
NEW = Scope("New", tuple(f"{EC2}:{kind}/*" for kind in MADE), BORN_OURS)
# What new things are made of and in.
AROUND = Scope(
    "Around",
    (f"{ARN}:ec2:{{region}}::image/*", f"{EC2}:subnet/*", f"{EC2}:vpc/*", KEY_PAIR.arns[0]),
)
CREATORS = ("AllocateAddress", "CreateSecurityGroup", "ImportKeyPair", "RunInstances")
# Tags go on what is being made, of whatever kind, never on what is somebody else's.
TAGS = Scope(
    "TagNew",
    (f"{EC2}:*",),
    (*BORN_OURS, ("StringEquals", "ec2:CreateAction", *CREATORS)),
)
LOGIN = Scope("PushKey", (f"{EC2}:instance/*",), (*OURS, ("StringEquals", "ec2:osuser", "ubuntu")))
