"""`mlflow-ops runs`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.table import Column
from mlflow_ops.holdings import columns, runs

if TYPE_CHECKING:
    from collections.abc import Collection

    from mlflow_ops.cli.show import Screen
    from mlflow_ops.holdings.run import Run
    from mlflow_ops.holdings.runs import Runs, Wish

MOST = 10_000
DEADLINE = 30.0  # seconds for a page of runs, of which each may hold much
LONGEST_NAME = 40
RUN = Column("run", brief=8)
# Where there is no room for all columns, the first of these goes first.
EXPERIMENT, FURTHER, PARAM, USER, METRIC = 5, 4, 3, 2, 1
METRICS = 2  # as many say something of a run before those that are further ones


@stack_command(
    example="""
$ mlflow-ops runs --sort rmse -n 2
start (UTC)       name       status    user  alpha    rmse     mae      r2  run
2026-11-24 02:14  calm-crow  finished  ada     0.1  0.6403  0.5185  0.3436  4b4fbd9758bc…
2026-11-24 02:17  rare-roo   finished  ada     0.5  0.7022  0.5843  0.2108  5284e3df3ca2…
Sorted by rmse, the lowest first, which is best; -n 10 shows more of them.
"""
)
@click.option(
    "--sort",
    metavar="METRIC|PARAM|start",
    default="start",
    show_default=True,
    help="By what to sort; `metrics.NAME` and `params.NAME` tell one from the other.",
)
@click.option(
    "--ascending/--descending",
    default=None,
    help="Which way  [default: up for errors and losses, down for other metrics].",
)
@click.option(
    *("-n", "--most"),
    type=click.IntRange(1, MOST),
    default=20,
    show_default=True,
    help="At most this many runs.",
)
@click.option("--experiment", metavar="NAME", help="Only the runs of this experiment.")
@click.option("--parent", metavar="RUN", help="Only the children of the run whose id begins so.")
def command(call: Call, **wish: Any) -> None:  # noqa: ANN401 - as click has parsed them
    """Show the runs that the server holds, the newest or the best first.

    The columns are the metrics that most of these runs have, and the parameters in which they
    differ; --json has all of them. A narrow terminal shows fewer, and the beginning of each run's
    id: MLflow takes the whole one alone, which --json has, and a pipe (`| cat`). The server sorts:
    parameters as text, and runs without what is sorted by come last.
    """
    screen, asked = call.screen(), runs.Wish(**wish)
    with call.server() as server:
        found = runs.find(replace(server.tracking, deadline=DEADLINE), asked)
    show(screen, found, asked)
    screen.result(found.document)


def show(screen: Screen, found: Runs, asked: Wish) -> None:
    """Say the runs as a table, and how they are sorted."""
    shown, order = found.found, found.order
    metrics = columns.metrics([run.metrics for run in shown], order.name)
    params = columns.params([run.params for run in shown], order.name)
    kept = (order.name, *metrics[:1])
    several = len({run.experiment for run in shown}) > 1
    headings: list[str | Column] = [
        "start (UTC)",
        "name",
        *([Column("experiment", spare=EXPERIMENT)] if several else []),
        "status",
        Column("user", spare=USER),
        *(_number(name, PARAM, kept) for name in params),
        *(_number(name, METRIC, kept) for name in metrics[:METRICS]),
        *(_number(name, FURTHER, kept) for name in metrics[METRICS:]),
        RUN,
    ]
    screen.table(headings, [_cells(run, params, metrics, several=several) for run in shown])
    if not shown:
        screen.say(_nothing(asked))
        return
    screen.row(f"Sorted {order}{_more(asked.most) if found.more else ''}.")


def _number(name: str, spare: int, kept: Collection[str]) -> Column:
    """Return the column of a parameter or a metric; that by which the runs are sorted stays."""
    return Column(columns.short(name), right=True, spare=0 if name in kept else spare)


def _more(shown: int) -> str:
    if shown == MOST:
        return f"; there are more than {MOST}: --experiment or --parent chooses"
    return f"; -n {min(MOST, 5 * shown)} shows more of them"


def _nothing(asked: Wish) -> str:
    if asked.parent is not None:
        return f"The run {asked.parent} has no children here."
    where = f"The experiment {asked.experiment!r}" if asked.experiment else "The server"
    return f"{where} holds no runs yet: `mlflow-ops train` logs one."


def _cells(run: Run, params: list[str], metrics: list[str], *, several: bool) -> list[str | None]:
    name = columns.short(run.name, LONGEST_NAME)
    where = [columns.short(run.experiment, LONGEST_NAME)] if several else []
    return [
        f"{run.start:%Y-%m-%d %H:%M}" if run.start else None,
        *(name, *where, run.status, columns.short(run.user)),
        *(columns.short(run.params[each]) if each in run.params else None for each in params),
        *(columns.figure(run.metrics.get(each)) for each in metrics),
        run.id,
    ]
