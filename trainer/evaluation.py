"""How good the model is: three numbers on rows it has not seen, and three plots."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

from trainer.errors import RunError

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from sklearn.linear_model import ElasticNet


def split(frame: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return three quarters of the rows to learn from and one to be judged by."""
    learn, judge = train_test_split(frame, random_state=seed)
    return learn, judge


def metrics(actual: pd.Series, predicted: pd.Series) -> dict[str, float]:
    """Return rmse and mae, in points of quality, and r2; raises RunError if any is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):  # numbers too large are told of below
        found = {
            "rmse": math.sqrt(mean_squared_error(actual, predicted)),
            "mae": float(mean_absolute_error(actual, predicted)),
            "r2": float(r2_score(actual, predicted)),
        }
    if not all(map(math.isfinite, found.values())):
        raise RunError(
            f"The model's errors are not finite numbers: {found}. Check the data's scale."
        )
    return found


def plots(actual: pd.Series, predicted: pd.Series, model: ElasticNet) -> dict[str, Figure]:
    """Return the figures by file name, drawn without a display and without pyplot's state."""
    return {
        "predicted_vs_actual.png": _predicted_vs_actual(actual, predicted),
        "residuals.png": _residuals(actual, predicted),
        "coefficients.png": _coefficients(model),
    }


def _axes(title: str, x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6, 4), dpi=80, layout="tight")
    axes = figure.subplots()
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def _predicted_vs_actual(actual: pd.Series, predicted: pd.Series) -> Figure:
    figure, axes = _axes("Predicted against actual quality", "actual", "predicted")
    axes.scatter(actual, predicted, s=12, alpha=0.4)
    ends = [actual.min(), actual.max()]
    axes.plot(ends, ends, linestyle="--", color="grey")
    return figure


def _residuals(actual: pd.Series, predicted: pd.Series) -> Figure:
    figure, axes = _axes("Residuals", "predicted", "actual - predicted")
    axes.scatter(predicted, actual - predicted, s=12, alpha=0.4)
    axes.axhline(0, linestyle="--", color="grey")
    return figure


def _coefficients(model: ElasticNet) -> Figure:
    figure, axes = _axes("Coefficients", "points of quality per unit", "")
    axes.barh(model.feature_names_in_, model.coef_)
    axes.axvline(0, linewidth=0.8, color="grey")
    return figure
