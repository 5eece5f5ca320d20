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
from mlflow_ops.inventory.holding import UNKNOWN, Holding, when
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
    for found in findings.seen("iam", f"{kind.name}s", _listed(search, kind)):
        owner = _owner(search, kind, found, findings)
        if owner is None:
            continue
        for part in kind.parts:
            parts = _parts(search, kind, part, owner)
            findings.holdings += findings.seen("iam", f"{part.name} of {owner.id}", parts)
        findings.holdings.append(owner)


def _listed(search: Search, kind: Kind) -> Iterator[Any]:
    for found in paged(search.aws.iam, kind.ask, kind.path, PathPrefix=IAM_PATH):
        if search.only is None or found[kind.key] == search.only.base:
            yield found


def _owner(search: Search, kind: Kind, found: Any, findings: Findings) -> Holding | None:  # noqa: ANN401 - AWS's own description
    """Return it when it is ours; its name alone tells that where it does not show its tags."""
    name = found[kind.key]
    what = f"tags of {kind.name} {name}"
    tags = findings.seen("iam", what, _asked(search, *kind.tags, **{kind.key: name}))
    whose = search.whose(tags_of({"Tags": tags}), name)
    if whose is None:
        return None
    return Holding(
        kind.name,
        name,
        whose.region,
        whose,
        name=name,
        made=when(found["CreateDate"]),
        command=search.command(f"iam {kind.remove} {_option(kind.key, name)}"),
        alive=UNKNOWN if what in findings.unseen else "",
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


def _asked(search: Search, ask: str, path: str, **which: str) -> Iterator[Any]:
    """Yield what IAM says: nothing of what is gone meanwhile, or was never there."""
    try:
        yield from paged(search.aws.iam, ask, path, **which)
    except sdk.ClientError as error:
        if code(error) != "NoSuchEntity":
            raise
