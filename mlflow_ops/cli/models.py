"""`mlflow-ops models`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from mlflow_ops import spans
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.runs import DEADLINE, LONGEST_NAME, RUN
from mlflow_ops.cli.table import Column
from mlflow_ops.holdings import columns, models

if TYPE_CHECKING:
    from mlflow_ops.cli.show import Screen
    from mlflow_ops.holdings.models import Model


@stack_command(
    example="""
$ mlflow-ops models
name                 version  aliases      age    rmse     mae      r2  run
ElasticnetWineModel        3  champion: 2  4 h  0.6403  0.5185  0.3436  4b4fbd9758bc…
"""
)
def command(call: Call) -> None:
    """Show the registered models that the server holds, by their newest versions.

    The age is the newest version's, and run and metrics are those it came of. An alias names the
    version that it leads to.
    """
    screen = call.screen()
    with call.server() as server:
        found = models.find(replace(server.tracking, deadline=DEADLINE))
    show(screen, found)
    screen.result({"models": [model.document for model in found]})


def show(screen: Screen, found: list[Model]) -> None:
    """Say the models as a table."""
    metrics = columns.metrics([model.metrics for model in found])
    staged = any(model.stage for model in found)
    right = [Column(name, right=True) for name in ("version", "age", *metrics)]
    version, age, *measured = right
    stage = ["stage"] if staged else []
    headings: list[str | Column] = ["name", version, *stage, "aliases", age, *measured, RUN]
    now = datetime.now(timezone.utc)
    screen.table(headings, [_cells(model, metrics, now, staged=staged) for model in found])
    if not found:
        screen.say("The server holds no registered models yet: `mlflow-ops train` makes one.")


def _cells(model: Model, metrics: list[str], now: datetime, *, staged: bool) -> list[str | None]:
    aliases = ", ".join(f"{name}: {version}" for name, version in model.aliases.items())
    return [
        columns.short(model.name, LONGEST_NAME),
        model.version,
        *([model.stage or None] if staged else []),
        aliases or None,
        spans.words((now - model.made).total_seconds(), 1, least="now") if model.made else None,
        *(columns.figure(model.metrics.get(name)) for name in metrics),
        model.run_id or None,
    ]
