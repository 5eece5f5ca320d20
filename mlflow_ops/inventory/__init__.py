"""Everything of ours that an account holds, found by our tag or by our names; changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.inventory import buckets, ec2, ec2_kinds, iam, iam_kinds, tagged
from mlflow_ops.inventory.found import Findings
from mlflow_ops.inventory.holding import Holding, Whose
from mlflow_ops.inventory.search import Search

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

__all__ = [
    "IAM",
    "Findings",
    "Holding",
    "Search",
    "Whose",
    "everywhere",
    "here",
    "leftovers",
]

IAM = "IAM"  # the place that is no region


def here(search: Search) -> Findings:
    """Return what the search's region holds, in an order in which the commands work."""
    findings = Findings(search.aws.region)
    for kind in ec2_kinds.KINDS:
        findings.holdings += findings.seen("ec2", f"{kind.name}s", ec2.look(search, kind))
    buckets.look(search, findings)
    tagged.look(search, findings)
    return findings


def everywhere(search: Search) -> Findings:
    """Return what the account holds in no region: what is IAM's."""
    findings = Findings(IAM)
    for kind in iam_kinds.KINDS:
        iam.look(search, kind, findings)
    return findings


def leftovers(stack: Stack) -> tuple[list[Holding], list[str]]:
    """Return what is left of a stack, in an order to remove it in, and what could not be seen."""
    search = Search(stack.aws, stack.names.account, stack.aws.now(), stack.names)
    parts = (here(search), everywhere(search))
    left = [holding for part in parts for holding in part.holdings]
    return left, [f"the last look at {failure}" for part in parts for failure in part.failures]
