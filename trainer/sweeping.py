"""Several trainings as one: a parent run with a child for each, and the best of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mlflow
from mlflow.entities import Metric, Param, RunTag

from trainer import client, filling
from trainer.errors import RunError
from trainer.results import Failure, Sweep, told
from trainer.tracking import end, recording, started

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from trainer.data import WineData
    from trainer.filling import Filled
    from trainer.model import Training
    from trainer.results import Result

    # Hears which training is under way, as in "2 of 4: alpha 0.5, l1_ratio 0.1".
    Listener = Callable[[str], None]


def record(
    dataset: WineData, trainings: Sequence[Training], tracking_uri: str | None, listen: Listener
) -> Sweep:
    """Train each in a child run of one parent, and register the model of the best alone.

    A child that fails does not stop the others, but the parent is then marked FAILED, too. A
    server that takes no run any more ends it all.
    """
    first = trainings[0]
    with recording(tracking_uri):
        experiment = client.experiment_id(first.experiment)
        name = first.run_name or f"sweep of {len(trainings)}"
        with started(experiment, name, {"data.source": dataset.source}) as parent:
            made: list[Filled | Failure] = []
            for number, training in enumerate(trainings, 1):
                listen(f"{number} of {len(trainings)}: {told(training.params)}")
                made.append(_child(parent, dataset, training))
            return _judged(parent, made)


def _child(parent: mlflow.ActiveRun, dataset: WineData, training: Training) -> Filled | Failure:
    name, tags = told(training.params), {"data.source": dataset.source}
    try:
        with started(parent.info.experiment_id, name, tags, nested=True) as run:
            return filling.fill(run, dataset, training)
    except RunError as error:
        return Failure(training.params, str(error))


def _judged(parent: mlflow.ActiveRun, made: Sequence[Filled | Failure]) -> Sweep:
    """Say in the parent which child is the best, register its model, and end the parent."""
    filled = [each for each in made if not isinstance(each, Failure)]
    failures = tuple(each for each in made if isinstance(each, Failure))
    results = {each.result.run_id: each.result for each in filled}
    best = min(filled, key=lambda each: each.result.metrics["rmse"], default=None)
    if best:
        _tell(parent, best.result)
        results[best.result.run_id] = filling.register(best)
    if failures:
        end("FAILED")
    info = parent.info
    where = info.run_id, filling.page(parent), info.experiment_id
    return Sweep(*where, tuple(results.values()), failures)


def _tell(parent: mlflow.ActiveRun, best: Result) -> None:
    """Log the best under names that scikit-learn's searches have, too: `best_…`."""
    mlflow.MlflowClient().log_batch(
        parent.info.run_id,
        metrics=[Metric(f"best_{name}", each, 0, 0) for name, each in best.metrics.items()],
        params=[Param(f"best_{name}", str(each)) for name, each in best.params.items()],
        tags=[RunTag("best_run_id", best.run_id)],
    )
