"""`mlflow-ops train`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

import trainer
from mlflow_ops.cli import known
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.cli.table import Column
from mlflow_ops.errors import BadOption, MlflowOpsError
from trainer.results import METRICS, PARAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlflow_ops.cli.show import Screen

INTERRUPTED = "Interrupted: what is logged stays, and the same command again begins anew."
USUAL = (0.5,)
TRAINING = ("alpha", "l1_ratio", "seed", "experiment", "run_name")
HEADINGS: tuple[str | Column, ...] = (
    *(Column(each, right=True) for each in (*PARAMS, *METRICS)),
    "run",
)


@stack_command(
    example="""
$ mlflow-ops train --alpha 0.1 --alpha 0.5 --l1-ratio 0.1 --l1-ratio 0.9
(four runs under a parent run: a row for each, and the best, whose model is registered)
"""
)
@click.option(
    "--alpha",
    multiple=True,
    default=USUAL,
    show_default=True,
    help="Weight of the penalty, 0 or more; may be repeated.",
)
@click.option(
    "--l1-ratio",
    multiple=True,
    default=USUAL,
    show_default=True,
    help="Share of L1 in it, 0 to 1; may be repeated.",
)
@click.option(
    "--data",
    metavar="PATH|URL|S3-URI|sample",
    help="Wine-quality CSV  [default: its public address]; `sample` is a generated one.",
    shell_complete=known.files,
)
@click.option("--seed", default=40, show_default=True, help="Seed of the 75/25 split.")
@click.option("--experiment", metavar="NAME", help="Experiment to log to  [default: Default].")
@click.option("--run-name", metavar="NAME", help="Name of the run.")
@click.option("--tracking-uri", metavar="URI", help="Any other server to train against.")
def command(call: Call, *, tracking_uri: str | None, data: str | None, **options: Any) -> int:  # noqa: ANN401 - as click has parsed them
    """Train the ElasticNet wine-quality model and log the run to the stack's server.

    Logs parameters, metrics, the data set, plots and the model, registered as
    ElasticnetWineModel. Of several alphas or L1 ratios each pair is tried, in a child run of one
    parent, and the model of the best, with the lowest RMSE, is registered.
    """
    screen, asked = call.screen(), trainings(**options)
    try:
        if tracking_uri:  # with whatever the user's own environment says of it
            result = _trained(screen, data, asked, tracking_uri)
        else:
            with call.server() as found:
                result = _trained(screen, data, asked, found.uri, found.take_over)
                result = result if found.lasting else result.without_pages()
    except trainer.errors.TrainerError as error:
        raise MlflowOpsError(str(error)) from error
    except KeyboardInterrupt as error:
        raise MlflowOpsError(INTERRUPTED) from error
    _show(screen, result, ours=not tracking_uri)
    screen.result(result.as_json())
    return 1 if result.failures else 0


def trainings(
    alpha: Sequence[float] = USUAL,
    l1_ratio: Sequence[float] = USUAL,
    **same: Any,  # noqa: ANN401 - a training's other options
) -> tuple[trainer.Training, ...]:
    """Return what these options ask for; raise BadOption where that makes no sense."""
    try:
        return trainer.grid(alpha, l1_ratio, **same)
    except ValueError as error:
        raise BadOption(str(error)) from error


def _trained(
    screen: Screen,
    data: str | None,
    asked: Sequence[trainer.Training],
    uri: str,
    ready: Callable[[], None] = lambda: None,
) -> trainer.Result | trainer.Sweep:
    dataset = trainer.data.load(data)
    ready()
    if len(asked) == 1:
        return trainer.run(dataset, asked[0], uri)
    with screen.step("train", f"{len(asked)} runs") as voice:
        return trainer.sweep(dataset, asked, uri, voice.show)


def _show(screen: Screen, result: trainer.Result | trainer.Sweep, *, ours: bool) -> None:
    screen.table(HEADINGS, result.rows)
    for failure in result.failures:
        screen.row(failure.as_text())
    screen.say(result.as_text())
    screen.say(f"Run: {result.run_url or result.run_id}")
    if ours and result.best and result.best.model_name is None:
        screen.say(
            f"{trainer.MODEL_NAME} belongs to another user: the model stays in the run alone."
        )
