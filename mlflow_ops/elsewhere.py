"""Where else in the account a stack of the name stands: IAM tells, which has no regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import regions
from mlflow_ops.errors import NotReady, WrongPlace
from mlflow_ops.iam.scopes import ACCOUNT
from mlflow_ops.names import IAM_PATH, Names

if TYPE_CHECKING:
    from mlflow_ops.settings import Settings
    from mlflow_ops.stack import Stack

ALLOWS = ACCOUNT.allow("iam", "ListUsers")


def nowhere(stack: Stack, more: str) -> NotReady:
    """Return the error of a stack that is not there; `more` ends its sentence."""
    names = stack.names
    return NotReady(
        f"There is no stack {names.stack!r} in account {names.account}, {names.region}{more}."
    )


def check(stack: Stack, settings: Settings) -> None:
    """Raise WrongPlace when the stack is not here but elsewhere, and nobody said --region.

    To be asked when nothing of the stack was found.
    """
    if settings.region:
        return
    here, names = stack.names.region, stack.names
    pages = stack.aws.iam.get_paginator("list_users").paginate(PathPrefix=IAM_PATH)
    users = {user["UserName"] for page in pages for user in page["Users"]}
    known = regions.known(stack.aws.session)
    found = [r for r in known if r != here and Names(names.stack, names.account, r).base in users]
    if found:
        raise WrongPlace(
            f"The stack {names.stack!r} stands in {', '.join(found)}, and this command looks in "
            f"{here}, where there is none: say --region {found[0]}, or --region {here} if you mean "
            "this one."
        )
