"""The plan of `down`: what goes and stays, with which calls, and what that saves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_ops import contents
from mlflow_ops.cli import details, planned, saving
from mlflow_ops.cli.show import WIDTH
from mlflow_ops.steps import STEPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_ops.cli.destroying import Keep, Look
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.contents import Contents
    from mlflow_ops.rehearsing.leaving import LastBackup

# What comes before the steps, under the name that `down` shows it by.
BACKUP = "backup"
CENT = 0.01
HERE = "this machine's files alone"
GOES = "On the host nothing is run: it goes with its instance."
AROUND = (
    "`down` also takes the stack's lock and frees it at the end, and this machine forgets the "
    "stack's files."
)
Calls = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Going:
    """What `down` would do: its calls by step, its last backup, and what that saves a month."""

    look: Look
    calls: Calls
    saved: Mapping[str, float | None]
    backup: LastBackup | None

    @property
    def failures(self) -> tuple[str, ...]:
        """What could not be seen, and why `down` would stop before it removes anything."""
        told = (self.backup,) if self.backup and self.backup.refused else ()
        return (*self.look.failures, *(f"{BACKUP}: {each.outcome}" for each in told))


def dry_run(screen: Screen, look: Look, keep: Keep) -> int:
    """Show what `down` would do, and do nothing; return 1 where it could not be done, or seen."""
    from mlflow_ops.rehearsing import leaving  # noqa: PLC0415 - a `down` needs it not, and paramiko takes 0.3 s to load

    calls = leaving.calls(look.stack, look.found)
    kept = bool(look.kept and look.found)
    backup = leaving.last_backup(look.stack) if kept and keep.backup else None
    going = Going(look, calls, saving.of(look), backup)
    if backup and backup.refused:
        screen.row(f"`down` would stop before it removes anything. {backup.outcome}")
    elif look.found:
        _say(screen, going)
    if kept and not going.failures:
        first = " after a last backup" if backup else ""
        marks = leaving.keeping(look.stack)
        marked = f", marked by {', '.join(marks)}" if marks else ""
        screen.row(f"The bucket {', '.join(look.kept)} stays{first}{marked}.")
    for failure in look.failures:
        screen.row(f"Not seen: {failure}")
    screen.say("Nothing was changed." if look.found else "There is nothing to remove.")
    screen.result(_document(going))
    return int(bool(going.failures))


def _say(screen: Screen, going: Going) -> None:
    look, backup = going.look, going.backup
    screen.say("In this order, with these calls that change something:")
    if backup:
        screen.row(f"  {BACKUP:<{WIDTH}} {backup.outcome}")
    for name, asked in going.calls.items():
        how = ", ".join(asked) or (HERE if STEPS[name].PLACE == "here" else "no call")
        screen.row(f"  {name:<{WIDTH}} {how}{_priced(going.saved.get(name, 0.0))}")
    screen.say(AROUND)
    for line in details.commands(backup.told if backup else ()):
        screen.row(line)
    total = saving.total(going.saved)
    worth = "an amount that is not known" if total is None else f"about {total:.2f} USD a month"
    screen.say(f"That saves {worth}.{'' if backup and backup.told else f' {GOES}'}")
    if look.kept and look.held:
        size = look.held.size + look.held.backups
        screen.say(f"What is kept goes on costing {contents.keeping(size)}.")


def _priced(usd: float | None) -> str:
    if usd is None:
        return "; its price is not known"
    return f"; saves {usd:.2f} USD a month" if usd >= CENT else ""


def _document(going: Going) -> dict[str, Any]:
    """Return what `down --dry-run --json` prints."""
    look, backup = going.look, going.backup
    first: list[dict[str, Any]] = (
        [{"step": BACKUP, "id": None, "calls": [], "usd_month": 0.0}] if backup else []
    )
    plan = [
        {
            "step": name,
            "id": look.found[name].id,
            "calls": [*asked],
            "usd_month": going.saved.get(name),
        }
        for name, asked in going.calls.items()
    ]
    return {
        **planned.place(look.stack),
        "would_destroy": [record.id for record in look.found.values()],
        "plan": [*first, *plan],
        "commands": [details.told_document(each) for each in (backup.told if backup else ())],
        "kept": [*look.kept],
        "holds": _held(look.held),
        "usd_month": saving.total(going.saved),
        "failures": [*going.failures],
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
