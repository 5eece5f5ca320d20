"""What IAM holds under our path: users, roles and instance profiles, each with what it has on.

IAM's lists tell no tags, and the Tagging API knows neither users nor roles: each one is asked.
"""

from __future__ import annotations

import re
from dataclasses import replace
from shlex import quote
from typing import TYPE_CHECKING, Any

import botocore.exceptions as sdk

from mlflow_ops.aws import code
from mlflow_ops.inventory.holding import Holding, when
from mlflow_ops.inventory.iam_kinds import DEACTIVATE
from mlflow_ops.inventory.search import paged, tags_of
from mlflow_ops.names import IAM_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.inventory.found import Findings
    from mlflow_ops.inventory.iam_kinds import Kind, Part
    from mlflow_ops.inventory.search import Search


def look(search: Search, kind: Kind, findings: Findings) -> None:
    """Find those of a kind that are ours, each after what it has on."""
    for owner in findings.seen("iam", f"{kind.name}s", _owners(search, kind)):
        for part in kind.parts:
            parts = _parts(search, kind, part, owner)
            findings.holdings += findings.seen("iam", f"{part.name} of {owner.id}", parts)
        findings.holdings.append(owner)


def _owners(search: Search, kind: Kind) -> Iterator[Holding]:
    for found in paged(search.aws.iam, kind.ask, kind.path, PathPrefix=IAM_PATH):
        name = found[kind.key]
        if search.only and name != search.only.base:
            continue
        tags = {"Tags": _asked(search, *kind.tags, **{kind.key: name})}
        if whose := search.whose(tags_of(tags), name):
            command = search.command(f"iam {kind.remove} {_option(kind.key, name)}")
            made = when(found["CreateDate"])
            yield Holding(
                kind.name, name, whose.region, whose, name=name, made=made, command=command
            )


def _parts(search: Search, kind: Kind, part: Part, owner: Holding) -> Iterator[Holding]:
    on_owner = f"{part.remove} {_option(kind.key, owner.id)}"
    for found in _asked(search, part.ask, part.path, **{kind.key: owner.id}):
        told = {part.id: found} if isinstance(found, str) else found
        which = told[part.id] if part.id else owner.id
        calls = [f"iam {on_owner} {_option(part.id, which)}".rstrip()]
        if part.remove == DEACTIVATE and ":mfa/" in which:  # no hardware, which stays somebody's
            calls.append(f"iam delete-virtual-mfa-device {_option(part.id, which)}")
        made = when(told.get("CreateDate") or told.get("EnableDate"))
        yield replace(owner, kind=part.name, id=which, made=made, command=search.command(*calls))


def _option(key: str, value: str) -> str:
    """Return a parameter of the SDK's as the `aws` program takes it."""
    return f"--{re.sub('(?<!^)(?=[A-Z])', '-', key).lower()} {quote(value)}" if key else ""


def _asked(search: Search, ask: str, path: str, **which: str) -> list[Any]:
    """Return what IAM says: nothing of what is gone meanwhile, or was never there."""
    try:
        return list(paged(search.aws.iam, ask, path, **which))
    except sdk.ClientError as error:
        if code(error) != "NoSuchEntity":
            raise
        return []
