"""Today's price list, kept in the stack's folder, which `down` removes with it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from mlflow_ops import files
from mlflow_ops.prices.table import Prices, shipped

if TYPE_CHECKING:
    from mlflow_ops.stack import Stack

TABLES = ("instance_hour", "disk_gib_month", "snapshot_gib_month")


def known(stack: Stack) -> Prices:
    """Return the price list that was kept today, else the shipped prices; asks nobody."""
    kept = _kept(files.text(stack.folder.prices))
    fits = kept and kept.region == stack.names.region and kept.as_of == today(stack)
    return kept if kept and fits else shipped(stack.names.region)


def keep(stack: Stack, found: Prices) -> Prices:
    """Keep a price list for today beside what was kept of it, and return all; only with a folder.

    A folder made for it alone would say that this machine knows the stack.
    """
    before = known(stack)
    if before.listed:
        tables: Any = {name: {**getattr(before, name), **getattr(found, name)} for name in TABLES}
        found = replace(found, **tables)
    if stack.folder.path.is_dir():
        files.write_private(stack.folder.prices, json.dumps(asdict(found)))
    return found


def today(stack: Stack) -> str:
    """Return the day by AWS's clock, in UTC."""
    return f"{stack.aws.now():%Y-%m-%d}"


def _kept(text: str) -> Prices | None:
    """Return what a file holds that we have written; None for any other."""
    try:
        found = Prices(**json.loads(text))
        return found if found.listed and _is_sound(found) else None
    except (TypeError, ValueError):
        return None


def _is_sound(found: Prices) -> bool:
    each = (found.address_hour, found.storage_gib_month, found.put, found.get)
    tables = (getattr(found, name) for name in TABLES)
    numbers = [*each, *(price for table in tables for price in dict(table).values())]
    return all(isinstance(number, float) and number >= 0 for number in numbers)
