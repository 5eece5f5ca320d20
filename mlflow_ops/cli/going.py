"""The plan of `down`: what goes and stays, with which calls, and what that saves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_ops import contents, prices
from mlflow_ops.cli.show import WIDTH
from mlflow_ops.costs import sums
from mlflow_ops.prices import keeping
from mlflow_ops.refusals import FAILURES
from mlflow_ops.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.cli.destroying import Keep, Look
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.contents import Contents

HERE = "this machine's files alone"
Calls = dict[str, tuple[str, ...]]


def dry_run(screen: Screen, look: Look, keep: Keep) -> int:
    """Show what `down` would do, and do nothing; return 1 where not all could be seen."""
    from mlflow_ops.rehearsing import leaving  # noqa: PLC0415 - a `down` needs it not, and paramiko takes 0.3 s to load

    calls = leaving.calls(look.stack, look.found)
    marks = leaving.keeping(look.stack) if look.kept and look.found else ()
    saved = _saved(look)
    if look.found:
        _say(screen, calls, saved, look)
    if look.kept and look.found:
        first = "after a last backup, " if keep.backup else ""
        calls_ = f", marked by {', '.join(marks)}" if marks else ""
        screen.row(f"What stays, {first}is the bucket {', '.join(look.kept)}{calls_}.")
    for failure in look.failures:
        screen.row(f"Not seen: {failure}")
    screen.say("Nothing was changed." if look.found else "There is nothing to remove.")
    screen.result(_document(look, calls, saved))
    return int(bool(look.failures))


def _say(screen: Screen, calls: Calls, saved: Mapping[str, float | None], look: Look) -> None:
    screen.say("In this order, with these calls that change something:")
    for name, asked in calls.items():
        how = ", ".join(asked) or (HERE if STEPS[name].PLACE == "here" else "no call")
        screen.row(f"  {name:<{WIDTH}} {how}{_priced(saved.get(name, 0.0))}")
    total = _total(saved)
    worth = "an amount that is not known" if total is None else f"about {total:.2f} USD a month"
    screen.say(f"That saves {worth}. On the host nothing is run: it goes with its instance.")
    if look.kept and look.held:
        size = look.held.size + look.held.backups
        screen.say(f"What is kept goes on costing {contents.keeping(size)}.")


def _priced(usd: float | None) -> str:
    if usd is None:
        return "; its price is not known"
    return f"; saves {usd:.2f} USD a month" if usd else ""


def _saved(look: Look) -> dict[str, float | None]:
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


def _total(saved: Mapping[str, float | None]) -> float | None:
    each = [*saved.values()]
    return None if None in each else sum(usd or 0.0 for usd in each)


def _document(look: Look, calls: Calls, saved: Mapping[str, float | None]) -> dict[str, Any]:
    """Return what `down --dry-run --json` prints."""
    plan = [
        {"step": name, "id": look.found[name].id, "calls": [*asked], "usd_month": saved.get(name)}
        for name, asked in calls.items()
    ]
    return {
        "would_destroy": [record.id for record in look.found.values()],
        "plan": plan,
        "kept": [*look.kept],
        "holds": _held(look.held),
        "usd_month": _total(saved),
        "failures": [*look.failures],
    }


def _held(held: Contents | None) -> dict[str, int | None] | None:
    """Return how much of the user's own there is; what could not be counted is null."""
    if held is None:
        return None
    return {
        "runs": held.runs,
        "models": held.models,
        "objects": held.objects,
        "bytes": held.size,
        "backup_bytes": held.backups,
    }
