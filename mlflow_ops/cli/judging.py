"""What a command would say of the values in force for it, before it is run."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from mlflow_ops.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from mlflow_ops.cli.in_force import InForce

    # Raises BadOption for values, by the options' names, that cannot be right.
    Judge = Callable[..., object]


def check(command: str, found: Mapping[str, InForce]) -> None:
    """Raise BadOption, in the command's own words, for values that it would not take.

    `found` has them by the names of the parameters.
    """
    if command not in JUDGES:
        return
    judge, taken = JUDGES[command]()
    said = {key: each for key, each in found.items() if key in taken and each.where}
    values: dict[str, Any] = {key: each.value for key, each in said.items()}
    for key, value in values.items():
        try:
            judge(**{key: value})
        except BadOption as error:
            raise BadOption(f"{found[key].where}: {error}") from error
    judge(**values)  # for what two of them are together


def _of_up() -> tuple[Judge, Collection[str]]:
    from mlflow_ops.settings import Options  # noqa: PLC0415 - not needed for --help

    return Options, {each.name for each in fields(Options)}


def _of_train() -> tuple[Judge, Collection[str]]:
    from mlflow_ops.cli import train  # noqa: PLC0415 - likewise

    return train.trainings, train.TRAINING


JUDGES = {"up": _of_up, "train": _of_train}
