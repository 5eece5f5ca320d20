"""Costs in words and as documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops.prices import HOURS, month

if TYPE_CHECKING:
    from mlflow_ops.costs.part import Part
    from mlflow_ops.costs.sums import Cost

UNKNOWN = "?"


def amount(usd: float | None, digits: int = 2) -> str:
    """Return an amount of USD as a table has it: what is not nothing never looks like it."""
    if usd is None:
        return UNKNOWN
    least = 10.0**-digits
    return f"<{least:.{digits}f}" if 0 < usd < least else f"{usd:.{digits}f}"


def short(found: Cost) -> str:
    """Say in one line what the parts cost a day, and have cost so far."""
    if found.usd_day is None or found.usd_so_far is None:
        unlisted = ", ".join(part.what for part in found.parts if part.usd_hour is None)
        return f"What it costs is not known here: no price is listed for {unlisted}."
    return (
        f"About {amount(found.usd_day)} USD a day; about {amount(found.usd_so_far)} USD so far, "
        f"without the bucket ({found.prices.source})."
    )


def brief_document(found: Cost) -> dict[str, Any]:
    """Return what `status --json` tells of it."""
    return {
        "usd_day": found.usd_day,
        "usd_so_far": found.usd_so_far,
        "since": found.since.isoformat() if found.since else None,
        "without": ["bucket"],
        "prices": found.prices.source,
    }


def document(found: Cost) -> dict[str, Any]:
    """Return the sums, the parts and the prices, as `cost --json` has them."""
    return {
        "since": found.since.isoformat() if found.since else None,
        "usd_hour": found.usd_hour,
        "usd_day": found.usd_day,
        "usd_month": found.usd_month,
        "usd_so_far": found.usd_so_far,
        "parts": [_part(each) for each in found.parts],
        "prices": {
            "source": found.prices.source,
            "region": found.prices.region,
            "as_of": found.prices.as_of,
            "listed": found.prices.listed,
            "remark": found.prices.remark,
        },
    }


def _part(part: Part) -> dict[str, Any]:
    hourly = part.usd_hour
    return {
        "part": part.name,
        "what": part.what,
        "usd_hour": hourly,
        "usd_day": None if hourly is None else hourly * HOURS,
        "usd_month": month(hourly),
        "usd_so_far": part.usd_so_far,
        "estimate": part.estimate,
    }
