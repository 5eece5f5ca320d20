"""`mlflow-ops list`."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import click

from mlflow_ops import audit as audits
from mlflow_ops import listing, sandbox, spans
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.table import Column
from mlflow_ops.costs import daily, everywhere
from mlflow_ops.errors import BadOption, NotReady
from mlflow_ops.lifetime import durations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.audit import Audit
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.settings import Settings

COLUMNS = (
    "name",
    "region",
    "state",
    Column("age", right=True),
    "address",
    Column("USD a day", right=True),
    "stops in",
)


@stack_command(
    example="$ mlflow-ops list --all-regions\n"
    "(a row for each stack: its name, region, state, age, address and cost a day)"
)
@click.option("--all-regions", is_flag=True, help="Look into every region the account can use.")
def command(call: Call, *, all_regions: bool) -> int:
    """List every stack of the account in the region, with its state, age, address and cost.

    One that stops by itself shows in how long, or after how long without use. With --sandbox,
    lists the sandboxes of this machine instead. Whatever --name says, all are shown; `mlflow-ops
    audit` shows all they hold. Changes nothing.

    Exit code 0; 1: something could not be looked at.
    """
    screen = call.screen()
    if call.settings.sandbox:
        return _told(screen, list(_sandboxes(call)), "No sandbox stands on this machine.")
    target = call.target()
    aws = target.aws
    regions = audits.enabled_regions(aws) if all_regions else [aws.region]
    found = audits.audit(aws, regions, everywhere.asker(call.settings, target))
    where = f"{len(regions)} regions" if all_regions else aws.region
    return _told(screen, [found], f"No stack stands in account {found.account}, {where}.")


def _sandboxes(call: Call) -> Iterator[Audit]:
    """Yield what each sandbox of this machine holds: each is a cloud of its own."""
    for settings in _known(call.settings):
        try:
            aws = replace(call, settings=settings).target().aws
        except NotReady:
            continue
        yield audits.audit(aws, [aws.region])


def _known(settings: Settings) -> Iterator[Settings]:
    """Yield the settings that lead to each sandbox which runs."""
    folder = settings.every
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            one = replace(settings, name=path.name)
        except BadOption:  # a folder of somebody else's
            continue
        if sandbox.find(one.sandbox_folder):
            yield one


def _told(screen: Screen, found: list[Audit], nothing: str) -> int:
    every = [(part, entry) for part in found for entry in listing.entries(part)]
    failures = [failure for part in found for failure in part.failures]
    screen.table(COLUMNS, [_row(entry) for _, entry in every])
    cost = daily.total(part.cost for part in found)
    tables = [table for part in found for table in part.prices]
    for line in daily.summed(cost, tables) if every else [nothing]:
        screen.row(line)
    for failure in failures:
        screen.row(f"Not seen: {failure}")
    screen.result(
        {
            "stacks": [_document(part, entry) for part, entry in every],
            "cost_per_day": cost.usd,
            "unpriced": list(cost.unpriced),
            "failures": failures,
        }
    )
    return int(bool(failures))


def _row(entry: listing.Entry) -> tuple[str | None, ...]:
    where = (entry.name, entry.region, entry.state, _span(entry.age), entry.address or None)
    return (*where, str(entry.cost), _end(entry))


def _end(entry: listing.Entry) -> str | None:
    """Say when it stops by itself; `?` for an end that its tag does not know any more."""
    limit = "?" if entry.until and entry.state == "running" else None
    idle = f"idle {entry.idle}" if entry.idle else None
    return ", ".join(filter(None, (_span(entry.left, 2) or limit, idle))) or None


def _span(seconds: int | None, most: int = 1) -> str | None:
    return None if seconds is None else spans.words(seconds, most)


def _document(found: Audit, entry: listing.Entry) -> dict[str, Any]:
    held = asdict(entry)
    del held["cost"]
    return {
        "stack": held.pop("name"),
        "account": found.account,
        "age_seconds": held.pop("age"),
        "seconds_left": held.pop("left"),
        "idle_stop_seconds": durations.seconds(held.pop("idle")) or None,
        "cost_per_day": entry.cost.usd,
        **held,
    }
