"""What `down` saves a month, thing by thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops import prices
from mlflow_ops.costs import sums
from mlflow_ops.prices import keeping
from mlflow_ops.refusals import FAILURES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.cli.destroying import Look


def of(look: Look) -> dict[str, float | None]:
    """Return what each thing costs a month, by step; None where no price is known."""
    saved: dict[str, float | None] = dict.fromkeys(reversed(look.found), 0.0)
    if "instance" in saved:
        saved |= _machine(look)
    if look.held and "bucket" in saved:
        gib = (look.held.size + look.held.backups) / prices.GIB
        saved["bucket"] = prices.month(keeping.known(look.stack).storage(gib))
    return saved


def _machine(look: Look) -> dict[str, float | None]:
    """Return what the machine, its disk and its addresses cost; nothing known where AWS refuses."""
    try:
        parts = sums.brief(look.stack).parts
    except FAILURES:
        return {"instance": None}
    found: dict[str, float | None] = {"instance": 0.0}
    for part in parts:
        step = "elastic_ip" if part.name == "Elastic IP" else "instance"
        before, usd = found.get(step, 0.0), prices.month(part.usd_hour)
        found[step] = None if usd is None or before is None else before + usd
    return {step: usd for step, usd in found.items() if step in look.found}


def total(saved: Mapping[str, float | None]) -> float | None:
    """Return what all of it saves together, None where a price is not known."""
    each = [*saved.values()]
    return None if None in each else sum(usd or 0.0 for usd in each)
