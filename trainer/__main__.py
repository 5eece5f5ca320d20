"""The command line: `python -m trainer --help`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

import trainer
from trainer import interrupts, visible
from trainer.errors import TrainerError
from trainer.model import LARGEST_SEED
from trainer.results import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPILOG = """\b
Examples:
  python -m trainer --tracking-uri http://127.0.0.1:5000
  python -m trainer --alpha 0.1 --l1-ratio 0.9 --experiment wine
  python -m trainer --data sample --json
  python -m trainer --alpha 0.1 --alpha 0.5 --l1-ratio 0.1 --l1-ratio 0.9
"""


@click.command(epilog=_EPILOG)
@click.option(
    *("--alpha", "alphas"),
    multiple=True,
    default=[0.5],
    show_default=True,
    help="Strength of the penalty, 0 or more; may be repeated.",
)
@click.option(
    *("--l1-ratio", "l1_ratios"),
    multiple=True,
    default=[0.5],
    show_default=True,
    help="Share of L1 in it, 0 to 1; may be repeated.",
)
@click.option(
    "--data",
    metavar="PATH|URL|s3://…|sample",
    help="A semicolon-separated wine-quality file, or 'sample' for made-up data "
    "(a file of that name is ./sample).  [default: the published red wines]",
)
@click.option(
    "--seed",
    type=click.IntRange(0, LARGEST_SEED),
    default=40,
    show_default=True,
    help="Decides which quarter of the rows is held out.",
)
@click.option("--experiment", metavar="NAME", help="The experiment, made if there is none yet.")
@click.option("--run-name", metavar="NAME", help="The run's name.  [default: MLflow makes one up]")
@click.option("--tracking-uri", metavar="URI", help="[default: $MLFLOW_TRACKING_URI, as MLflow]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
def main(data: str | None, tracking_uri: str | None, *, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - click checks the options' types
    """Train an ElasticNet on the wine-quality data and record the run on an MLflow server.

    Of several alphas or L1 ratios each pair is tried, in a child run of one parent. The model of
    the best, which has the lowest RMSE, is registered.
    """
    interrupts.leave_by_exception()
    try:
        one, *more = trainer.grid(**asked)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        dataset = trainer.data.load(data)
        result: trainer.Result | trainer.Sweep = (
            trainer.sweep(dataset, (one, *more), tracking_uri)
            if more
            else trainer.run(dataset, one, tracking_uri)
        )
    except TrainerError as error:
        click.echo(visible.text(f"Error: {error}"), err=True)
        sys.exit(error.exit_code)
    document = result.as_json() if as_json else None
    click.echo(
        json.dumps(document, indent=2, allow_nan=False) if document else visible.text(_told(result))
    )
    for failure in result.failures:
        click.echo(visible.text(f"Error: {failure.as_text()}"), err=True)
    sys.exit(1 if result.failures else 0)


def _told(result: trainer.Result | trainer.Sweep) -> str:
    lines = [*_table(result.rows), result.as_text()]
    if result.best and result.best.model_name is not None:
        lines.append(f"Model: {result.best.model_name} version {result.best.model_version}")
    lines.append(f"Run: {result.run_url or result.run_id}")
    return "\n".join(lines)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    table = [COLUMNS, *rows] if rows else []
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]


if __name__ == "__main__":
    main(prog_name="python -m trainer")
