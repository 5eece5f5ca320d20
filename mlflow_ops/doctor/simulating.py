"""Asking IAM's simulator what the caller may do; it tells without doing any of it."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import botocore.exceptions as sdk

from mlflow_ops.at_once import at_once
from mlflow_ops.aws import code
from mlflow_ops.refusals import denials

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mlflow_ops.doctor.questions import Question
    from mlflow_ops.target import Target

SESSION = re.compile(r"arn:([\w-]+):sts::(\d+):assumed-role/([^/]+)/.+")
SEVERAL = 4  # at once; IAM has few calls a second for all of an account


class Refusal(NamedTuple):
    """An action that is not allowed; `unknown` are the conditions that nobody knows here.

    It is denied by a rule that is `explicit`, or left out by the organization or the boundary.
    """

    action: str
    explicit: bool = False
    organization: bool = False
    boundary: bool = False
    unknown: tuple[str, ...] = ()


def source(target: Target) -> str:
    """Return the ARN whose policies say what the caller may do; "" for whoever has none of IAM's.

    The session of a role is named without the role's path, so that IAM is asked for it; who may not
    ask has no path, or nothing is to be learned.
    """
    caller = target.aws.caller
    session = SESSION.fullmatch(caller)
    if session is None:
        return caller if ":user/" in caller else ""
    try:
        return str(target.aws.iam.get_role(RoleName=session[3])["Role"]["Arn"])
    except sdk.ClientError as error:
        if code(error) not in denials.DENIED:
            raise
        return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"


def refused(target: Target, policy_source: str, asked: Iterable[Question]) -> list[Refusal]:
    """Return what is not allowed, each action once, by name. Raises what AWS says."""
    ask = partial(_asked, target, policy_source)
    found = {each for some in at_once(ask, asked, SEVERAL) for each in some}
    best: dict[str, Refusal] = {}
    for each in sorted(found, key=lambda r: (r.action, bool(r.unknown), not r.explicit)):
        best.setdefault(each.action, each)
    return list(best.values())


def _asked(target: Target, policy_source: str, question: Question) -> list[Refusal]:
    pages = target.aws.iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=policy_source,
        ActionNames=list(question.actions),
        ResourceArns=list(question.arns),
        ContextEntries=[
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in question.context
        ],
    )
    return [each for page in pages for each in _refusals(page["EvaluationResults"])]


def _refusals(results: Iterable[Any]) -> Iterator[Refusal]:
    """Yield those that are refused for any of the things that were named.

    There was one result for each action and thing, and is now one for each action with the things
    inside: https://docs.aws.amazon.com/IAM/latest/APIReference/API_EvaluationResult.html
    """
    for result in results:
        parts = result.get("ResourceSpecificResults") or [result]
        by_organization = result.get("OrganizationsDecisionDetail", {})
        by_boundary = result.get("PermissionsBoundaryDecisionDetail", {})
        for part in parts:
            said = part.get("EvalResourceDecision") or part["EvalDecision"]
            if said != "allowed":
                yield Refusal(
                    result["EvalActionName"],
                    said == "explicitDeny",
                    not by_organization.get("AllowedByOrganizations", True),
                    not by_boundary.get("AllowedByPermissionsBoundary", True),
                    tuple(sorted(part.get("MissingContextValues", ()))),
                )
