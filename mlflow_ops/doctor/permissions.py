"""What the caller may not do that `up` and the commands after it need."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.doctor import questions, rehearsing, simulating
from mlflow_ops.doctor.check import FAIL, OK, UNKNOWN, WARN, Finding, of
from mlflow_ops.iam import permissions
from mlflow_ops.refusals import denials

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_ops.doctor.simulating import Refusal
    from mlflow_ops.names import Names
    from mlflow_ops.settings import Options
    from mlflow_ops.target import Target

COMMANDS = ("up", "train", "status", "down")
NEED = f"{', '.join(f'`{name}`' for name in COMMANDS)} need"
CURE = "`mlflow-ops policy{flags}` prints the IAM policy that whoever runs the account can give"
SEE = "see what the policies want there; `mlflow-ops up` would tell"
OF_MFA = re.compile("(?i)aws:MultiFactorAuth")
MFA = (
    "the policies want a session that was begun with MFA: work with a profile that has an "
    "`mfa_serial`, or with what `aws sts get-session-token` gives"
)


def check(target: Target, names: Names, options: Options, credentials: str = "keys") -> Finding:
    """Tell which actions are denied: by simulation or, where that is denied too, by dry runs."""
    caller = target.aws.caller
    if caller.endswith(":root"):
        return Finding(OK, "The root user may do everything.")
    how: Any = {"credentials": credentials, "as_taught": options.as_taught}
    document = permissions.policy(COMMANDS, names, target.aws.identity[1], **how)
    asked = list(questions.of(document, names))
    try:
        source = simulating.source(target)
        if not source:
            return Finding(UNKNOWN, f"IAM cannot simulate what {caller} may do.")
        found = simulating.refused(target, source, asked)
    except sdk.ClientError as error:
        return _unsimulated(error, _flags(how), lambda: rehearsing.denied(target, names, options))
    return _told(found, len({action for each in asked for action in each.actions}), _flags(how))


def _flags(how: dict[str, Any]) -> str:
    """Return what `mlflow-ops policy` has to be told of the stack."""
    role = " --credentials role" if how["credentials"] == "role" else ""
    return f"{role}{' --as-taught' if how['as_taught'] else ''}"


def _told(found: list[Refusal], many: int, flags: str) -> Finding:
    denied = [each for each in found if not each.unknown]
    cure = _cure(denied, CURE.format(flags=flags))
    if len(denied) == many:
        return Finding(FAIL, f"None of the {many} actions is allowed that {NEED}.", cure)
    if denied:
        return Finding(FAIL, f"Not allowed, of what {NEED}: {_listed(denied)}.", cure)
    if found:
        keys = sorted({key for each in found for key in each.unknown})
        which = f"any of the {many} actions" if len(found) == many else _listed(found)
        what = f"Whether {which} may be called, of what {NEED}, hangs on {', '.join(keys)}."
        return Finding(WARN, what, MFA if any(map(OF_MFA.match, keys)) else SEE)
    return Finding(OK, f"All {many} actions are allowed that {NEED}, as IAM simulates it.")


def _listed(refusals: list[Refusal]) -> str:
    return ", ".join(each.action for each in refusals)


def _cure(denied: list[Refusal], policy: str) -> str:
    if any(each.organization for each in denied):
        return "the organization's policies forbid it: whoever runs the organization can lift that"
    if any(each.boundary for each in denied):
        return (
            "the caller's permissions boundary leaves it out, which no other policy makes up for: "
            "whoever runs the account can widen that"
        )
    if any(each.explicit for each in denied):
        rest = f"; for the rest, {policy}" if any(not each.explicit for each in denied) else ""
        return f"a rule denies it, which whoever wrote it can lift{rest}"
    return policy


def _unsimulated(error: sdk.ClientError, flags: str, rehearse: Callable[[], list[str]]) -> Finding:
    why = of(UNKNOWN, error)
    if code(error) not in denials.DENIED:
        return why
    if denied := rehearse():
        what = f"Not allowed, as dry runs tell: {', '.join(denied)}."
        return Finding(FAIL, what, CURE.format(flags=flags))
    return Finding(UNKNOWN, f"Nobody may say what is allowed: {why.what}", why.cure)
