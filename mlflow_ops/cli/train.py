"""`mlflow-ops train`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

import trainer
from mlflow_ops.cli.command import Call, stack_command
from mlflow_ops.errors import BadOption, MlflowOpsError
from mlflow_ops.reach import connection


@stack_command(example="mlflow-ops train --alpha 0.6")
@click.option("--alpha", default=0.5, show_default=True, help="Weight of the penalty, 0 or more.")
@click.option("--l1-ratio", default=0.5, show_default=True, help="Share of L1 in it, 0 to 1.")
@click.option(
    "--data",
    metavar="PATH|URL|S3-URI|sample",
    help="Wine-quality CSV  [default: its public address]; `sample` is a generated one.",
)
@click.option("--seed", default=40, show_default=True, help="Seed of the 75/25 split.")
@click.option("--experiment", metavar="NAME", help="Experiment to log to  [default: Default].")
@click.option("--run-name", metavar="NAME", help="Name of the run.")
@click.option("--tracking-uri", metavar="URI", help="Any other server to train against.")
def command(call: Call, **options: Any) -> None:  # noqa: ANN401 - as click has parsed them
    """Train the ElasticNet wine-quality model and log the run to the stack's server.

    Logs parameters, metrics, the data set, plots and the model, registered as
    ElasticnetWineModel.
    """
    uri, data = options.pop("tracking_uri"), options.pop("data")
    screen = call.screen()
    try:
        training = trainer.Training(**options)
    except ValueError as error:
        raise BadOption(str(error)) from error
    try:
        if uri:  # with whatever the user's own environment says of it
            result = trainer.run(trainer.data.load(data), training, tracking_uri=uri)
        else:
            with connection.held(call.stack(), call.settings) as found:
                dataset = trainer.data.load(data)
                found.take_over()
                result = trainer.run(dataset, training, tracking_uri=found.uri)
                if not found.lasting:  # nor is a link to where it was
                    result = replace(result, run_url=None)
    except trainer.errors.TrainerError as error:
        raise MlflowOpsError(str(error)) from error
    screen.say(result.as_text())
    screen.say(f"Run: {result.run_url or result.run_id}")
    if result.model_name is None and not uri:
        screen.say(
            f"{trainer.MODEL_NAME} belongs to another user: the model stays in the run alone."
        )
    screen.result(result.as_json())
