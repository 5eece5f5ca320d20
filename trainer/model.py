"""What is trained: the hyperparameters, whether they make sense, and the fit itself."""

from __future__ import annotations

import itertools
import logging
import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from sklearn.linear_model import ElasticNet

TARGET = "quality"
LARGEST_SEED = 2**32 - 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Training:
    """What one training is asked to do; raises ValueError when that makes no sense.

    alpha and l1_ratio are ElasticNet's own; the seed decides which rows are held out; experiment
    and run_name are MLflow's, and None leaves them to MLflow.
    """

    alpha: float = 0.5
    l1_ratio: float = 0.5
    seed: int = 40
    experiment: str | None = None
    run_name: str | None = None

    def __post_init__(self) -> None:
        check(self.alpha, self.l1_ratio)
        if not 0 <= self.seed <= LARGEST_SEED:
            raise ValueError(f"seed must be between 0 and {LARGEST_SEED}, not {self.seed}")

    @property
    def params(self) -> dict[str, float | int]:
        """The run's parameters, by the names MLflow shows."""
        return {"alpha": self.alpha, "l1_ratio": self.l1_ratio, "seed": self.seed}


def grid(
    alphas: Iterable[float],
    l1_ratios: Iterable[float],
    **same: Any,  # noqa: ANN401 - Training's own fields
) -> tuple[Training, ...]:
    """Return a training for each pair, once, and all else the `same`; raises as Training does."""
    pairs = dict.fromkeys(itertools.product(alphas, l1_ratios))
    if not pairs:
        raise ValueError("alpha and l1_ratio must have at least one value each")
    return tuple(Training(alpha, l1_ratio, **same) for alpha, l1_ratio in pairs)


def check(alpha: float, l1_ratio: float) -> None:
    """Raise ValueError unless alpha is finite and not negative and l1_ratio lies in 0 to 1."""
    if not 0 <= alpha < math.inf:
        raise ValueError(f"alpha must be a number of 0 or more, not {alpha}")
    if not 0 <= l1_ratio <= 1:
        raise ValueError(f"l1_ratio must be between 0 and 1, not {l1_ratio}")


def fit(rows: pd.DataFrame, training: Training) -> ElasticNet:
    """Fit an ElasticNet to these rows; what scikit-learn warns of is logged as one line each."""
    from sklearn.linear_model import ElasticNet  # noqa: PLC0415 - takes a second; `check` must not

    model = ElasticNet(alpha=training.alpha, l1_ratio=training.l1_ratio, random_state=42)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(rows.drop(columns=TARGET), rows[TARGET])
    for said in dict.fromkeys(str(each.message).strip().split(". ")[0] for each in caught):
        _log.warning("Take the numbers with care. scikit-learn says: %s", said)
    return model
