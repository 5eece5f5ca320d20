"""The numbers are the tutorial's, and hyperparameters that make no sense are refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trainer
from trainer import evaluation, model

if TYPE_CHECKING:
    from pathlib import Path


def judged(dataset: trainer.data.WineData, training: model.Training) -> dict[str, float]:
    learn, judge = evaluation.split(dataset.frame, training.seed)
    fitted = model.fit(learn, training)
    return evaluation.metrics(judge["quality"], fitted.predict(judge.drop(columns="quality")))


def test_the_published_data_give_the_tutorials_numbers(red_wines: Path) -> None:
    found = judged(trainer.data.load(str(red_wines)), model.Training())
    assert found == pytest.approx(
        {"rmse": 0.7931640229276851, "mae": 0.6271946374319586, "r2": 0.10862644997792614},
        abs=1e-9,
        rel=0,
    )


def test_a_quarter_of_the_rows_is_held_out_by_the_seed(wines: trainer.data.WineData) -> None:
    learn, judge = evaluation.split(wines.frame, 1)
    assert (len(learn), len(judge)) == (1199, 400)
    assert set(learn.index).isdisjoint(judge.index)
    assert evaluation.split(wines.frame, 1)[1].equals(judge)
    assert not evaluation.split(wines.frame, 2)[1].equals(judge)


@pytest.mark.parametrize(("alpha", "l1_ratio"), [(0, 0), (0.5, 0.5), (1e300, 1), (5e-324, 1.0)])
def test_what_makes_sense_is_taken(alpha: float, l1_ratio: float) -> None:
    model.check(alpha, l1_ratio)


@pytest.mark.parametrize("alpha", [-1e-300, -1.0, math.nan, math.inf, -math.inf])
def test_a_bad_alpha_is_refused(alpha: float) -> None:
    with pytest.raises(ValueError, match="alpha must be a number of 0 or more, not"):
        model.Training(alpha=alpha)


@pytest.mark.parametrize("l1_ratio", [-0.01, 1.01, math.nan, math.inf])
def test_a_bad_l1_ratio_is_refused(l1_ratio: float) -> None:
    with pytest.raises(ValueError, match="l1_ratio must be between 0 and 1, not"):
        model.Training(l1_ratio=l1_ratio)


@pytest.mark.parametrize(("alphas", "ratios"), [([], [0.5]), ([0.5], [])])
def test_no_value_at_all_is_refused(alphas: list[float], ratios: list[float]) -> None:
    with pytest.raises(ValueError, match="alpha and l1_ratio must have at least one value each"):
        trainer.grid(alphas, ratios)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_bad_seed_is_refused(seed: int) -> None:
    with pytest.raises(ValueError, match="seed must be between 0 and 4294967295, not"):
        model.Training(seed=seed)


@given(st.floats(min_value=0, max_value=1e6), st.floats(0, 1))
def test_every_hyperparameter_that_is_taken_is_kept(alpha: float, l1_ratio: float) -> None:
    assert model.Training(alpha, l1_ratio).params == {
        "alpha": alpha,
        "l1_ratio": l1_ratio,
        "seed": 40,
    }


def test_a_fit_that_does_not_converge_is_one_line_in_the_log(
    wines: trainer.data.WineData, caplog: pytest.LogCaptureFixture
) -> None:
    model.fit(wines.frame, model.Training(alpha=0))
    assert [record.levelname for record in caplog.records] == ["WARNING"] * len(caplog.records)
    assert "Take the numbers with care. scikit-learn says: With alpha=0" in caplog.text
    assert all(len(record.getMessage().splitlines()) == 1 for record in caplog.records)


def test_three_plots_are_drawn_with_no_display(
    wines: trainer.data.WineData, tmp_path: Path
) -> None:
    fitted = model.fit(wines.frame, model.Training())
    drawn = evaluation.plots(wines.frame["quality"], wines.frame["quality"], fitted)
    assert set(drawn) == {"predicted_vs_actual.png", "residuals.png", "coefficients.png"}
    for name, figure in drawn.items():
        figure.savefig(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
