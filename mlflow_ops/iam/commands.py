"""What each command needs to be allowed, from what the steps and the looks declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import elsewhere
from mlflow_ops.backup import artifacts, sources
from mlflow_ops.costs import sums
from mlflow_ops.ec2 import groups, power
from mlflow_ops.iam import scopes
from mlflow_ops.iam.scopes import ACCOUNT, HERE
from mlflow_ops.inventory import ec2_kinds, iam_kinds
from mlflow_ops.lifetime import arming
from mlflow_ops.prices import asking
from mlflow_ops.reach import shut_out
from mlflow_ops.shape import Shape
from mlflow_ops.steps import STEPS, bucket, instance, taken

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_ops.iam.scopes import Allowed

CHOICES = (
    *HERE.allow("ec2", "DescribeVpcs DescribeSubnets DescribeInstanceTypeOfferings"),
    *HERE.allow("ec2", "DescribeInstanceTypes DescribeImages DescribeRouteTables"),
    *scopes.IMAGE.allow("ssm", "GetParameter"),
)
QUOTA = HERE.allow("servicequotas", "GetServiceQuota")
PLAN = ACCOUNT.allow("freetier", "GetAccountPlanState")
DOCTOR = (
    *CHOICES,
    *QUOTA,
    *PLAN,
    *HERE.allow("ec2", "DescribeInstances"),
    *scopes.CALLERS.allow("iam", "SimulatePrincipalPolicy"),
)
LEASE = (
    *HERE.allow("ec2", "DescribeKeyPairs"),
    *scopes.KEY_PAIR.allow("ec2", "ImportKeyPair"),
    *scopes.TAGS.allow("ec2", "CreateTags"),
    # A lock is renewed, and one whose holder is dead is freed, by its id.
    *scopes.OWN.allow("ec2", "CreateTags DeleteKeyPair"),
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


PARTS = _parts(*iam_kinds.KINDS)
LAST_LOOK = (
    *HERE.allow("ec2", DESCRIPTIONS),
    *HERE.allow("tag", "GetResources"),
    *ACCOUNT.allow("iam", LISTS),
    *scopes.NAMED.allow("iam", PARTS),
    *scopes.BUCKET.allow("s3", "GetBucketTagging"),
)
AUDIT = (
    *ACCOUNT.allow("ec2", f"{DESCRIPTIONS} DescribeRegions"),
    *ACCOUNT.allow("tag", "GetResources"),
    *ACCOUNT.allow("iam", LISTS),
    *ACCOUNT.allow("s3", "ListAllMyBuckets"),
    *scopes.EVERY_IAM.allow("iam", PARTS),
    *scopes.EVERY_BUCKET.allow("s3", "GetBucketTagging"),
    *asking.ALLOWS,
)

# The steps that a stack has only with this way for its server to get a right to the bucket.
KEYS, ROLE = (
    taken(Shape(credentials=way)).keys() - taken(Shape(credentials=other)).keys()
    for way, other in (("keys", "role"), ("role", "keys"))
)
ANY_WAY = STEPS.keys() - KEYS - ROLE


def _steps(names: Iterable[str], *verbs: str) -> tuple[Allowed, ...]:
    allows = (STEPS[name].ALLOWS.get(verb, ()) for name in names for verb in verbs)
    return tuple(allowed for each in allows for allowed in each)


UP = ("find", "compare", "create", "ready")
CLIENT = (*instance.ALLOWS["find"], *shut_out.ALLOWS, *elsewhere.ALLOWS)
MAKING = (*_steps(ANY_WAY, *UP), *CHOICES, *QUOTA, *PLAN, *LEASE, *LOGIN, *elsewhere.ALLOWS)
BACKUPS = sources.ALLOWS["find"]
COMMANDS: dict[str, tuple[Allowed, ...]] = {
    "doctor": (
        *_steps((name for name, step in STEPS.items() if step.PLACE == "aws"), "find"),
        *(*DOCTOR, *shut_out.ALLOWS, *elsewhere.ALLOWS),
    ),
    "up": MAKING,
    "status": (
        *_steps(STEPS, "find", "ready"),
        *sums.BRIEF,
        *shut_out.ALLOWS,
        *elsewhere.ALLOWS,
    ),
    "list": AUDIT,
    "cost": (*_steps(("elastic_ip", "bucket"), "find"), *sums.WHOLE, *elsewhere.ALLOWS),
    "train": CLIENT,
    "run": CLIENT,
    "check": CLIENT,
    "runs": CLIENT,
    "models": CLIENT,
    "env": CLIENT,
    "open": CLIENT,
    "ssh": CLIENT,
    "exec": CLIENT,
    "logs": CLIENT,
    "cp": CLIENT,
    "user": CLIENT,
    "allow": (*shut_out.ALLOWS, *groups.CHANGES, *LEASE, *elsewhere.ALLOWS),
    "audit": AUDIT,
    "backup": (*CLIENT, *LEASE),
    "backups": (*BACKUPS, *bucket.ALLOWS["find"], *elsewhere.ALLOWS),
    "restore": (*CLIENT, *LEASE, *BACKUPS),
    "export": (*CLIENT, *LEASE, *BACKUPS, *artifacts.ALLOWS["export"]),
    "import": (*CLIENT, *LEASE, *artifacts.ALLOWS["import"]),
    "upgrade": (*CLIENT, *LEASE),
    "extend": (*CLIENT, *arming.ALLOWS),
    "stop": (*instance.ALLOWS["find"], *power.ALLOWS, *LEASE, *elsewhere.ALLOWS),
    "start": MAKING,
    # It takes away what there is, whatever the server had its right from.
    "down": (*_steps(STEPS, "find", "destroy", "keep"), *BACKUPS, *LEASE, *LAST_LOOK),
}
# What `up` and `start` need besides, by where the server has its right to the bucket from.
CREDENTIALS: dict[str, tuple[Allowed, ...]] = {
    "keys": _steps(KEYS, *UP),
    "role": (*_steps(ROLE, *UP), *instance.ALLOWS["role"]),
}
AS_TAUGHT = _steps(STEPS, "as_taught")
