"""The command line: `python -m trainer --help`."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

import trainer
from trainer import interrupts, visible
from trainer.errors import TrainerError
from trainer.model import LARGEST_SEED

_EPILOG = """\b
Examples:
  python -m trainer --tracking-uri http://127.0.0.1:5000
  python -m trainer --alpha 0.1 --l1-ratio 0.9 --experiment wine
  python -m trainer --data sample --json
"""


@click.command(epilog=_EPILOG)
@click.option("--alpha", default=0.5, show_default=True, help="Strength of the penalty, 0 or more.")
@click.option("--l1-ratio", default=0.5, show_default=True, help="Share of L1 in it, 0 to 1.")
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
    """Train an ElasticNet on the wine-quality data and record the run on an MLflow server."""
    interrupts.leave_by_exception()
    try:
        training = trainer.Training(**asked)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    try:
        result = trainer.run(trainer.data.load(data), training, tracking_uri)
    except TrainerError as error:
        click.echo(visible.text(f"Error: {error}"), err=True)
        sys.exit(error.exit_code)
    click.echo(json.dumps(result.as_json(), indent=2) if as_json else visible.text(_told(result)))


def _told(result: trainer.Result) -> str:
    lines = [result.as_text()]
    if result.model_name is not None:
        lines.append(f"Model: {result.model_name} version {result.model_version}")
    lines.append(f"Run: {result.run_url or result.run_id}")
    return "\n".join(lines)


if __name__ == "__main__":
    main(prog_name="python -m trainer")
