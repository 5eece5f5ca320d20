"""What the caller may not do that `up` and the commands after it need."""

from __future__ import annotations

from typing import TYPE_CHECKING

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.doctor import questions, rehearsing, simulating
from mlflow_ops.doctor.check import FAIL, OK, UNKNOWN, WARN, Finding, of
from mlflow_ops.iam import permissions
from mlflow_ops.refusals import denials

if TYPE_CHECKING:
    from mlflow_ops.doctor.simulating import Refusal
    from mlflow_ops.names import Names
    from mlflow_ops.settings import Options
    from mlflow_ops.target import Target

COMMANDS = ("up", "train", "status", "down")
NEED = f"{', '.join(f'`{name}`' for name in COMMANDS)} need"
CURE = "`mlflow-ops policy` prints the IAM policy that whoever runs the account can give"


def check(target: Target, names: Names, options: Options) -> Finding:
    """Tell which actions are denied: by simulation or, where that is denied too, by dry runs."""
    caller = target.aws.caller
    if caller.endswith(":root"):
        return Finding(OK, "The root user may do everything.")
    document = permissions.policy(COMMANDS, names, target.aws.identity[1])
    asked = list(questions.of(document, names))
    try:
        source = simulating.source(target)
        if not source:
            return Finding(UNKNOWN, f"IAM cannot simulate what {caller} may do.")
        found = simulating.refused(target, source, asked)
    except sdk.ClientError as error:
        return _unsimulated(error, target, names, options)
    return _told(found, len({action for each in asked for action in each.actions}))


def _told(found: list[Refusal], many: int) -> Finding:
    denied = [each for each in found if not each.unknown or each.explicit]
    if len(denied) == many:
        return Finding(FAIL, f"None of the {many} actions is allowed that {NEED}.", _cure(denied))
    if denied:
        return Finding(FAIL, f"Not allowed, of what {NEED}: {_listed(denied)}.", _cure(denied))
    if found:
        keys = ", ".join(sorted({key for each in found for key in each.unknown}))
        what = f"Whether these are allowed hangs on {keys}: {_listed(found)}."
        return Finding(WARN, what, "see what the policies want there; `mlflow-ops up` would tell")
    return Finding(OK, f"All {many} actions are allowed that {NEED}, as IAM simulates it.")


def _listed(refusals: list[Refusal]) -> str:
    return ", ".join(each.action for each in refusals)


def _cure(denied: list[Refusal]) -> str:
    if any(each.organization for each in denied):
        return "the organization's policies forbid it: whoever runs the organization can lift that"
    if any(each.explicit for each in denied):
        return f"some are denied by a rule, which whoever wrote it can lift; for the rest, {CURE}"
    return CURE


def _unsimulated(error: sdk.ClientError, target: Target, names: Names, options: Options) -> Finding:
    why = of(UNKNOWN, error)
    if code(error) not in denials.DENIED:
        return why
    denied = rehearsing.denied(target, names, options)
    if denied:
        return Finding(FAIL, f"Not allowed, as dry runs tell: {', '.join(denied)}.", CURE)
    return Finding(UNKNOWN, f"Nobody may say what is allowed: {why.what}", why.cure)
