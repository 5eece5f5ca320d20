"""The data set comes from where it is told to come from, and never silently from elsewhere."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from trainer import data, model
from trainer.errors import DataError
from trainer.evaluation import metrics, split

if TYPE_CHECKING:
    from pathlib import Path


def test_the_default_is_the_published_data_set(red_wines: Path) -> None:
    raw = red_wines.read_bytes()
    assert len(raw) == 84_199
    assert hashlib.sha256(raw).hexdigest() == data.WINE_QUALITY.sha256


def test_a_path_is_read_and_remembered(csv: bytes, tmp_path: Path) -> None:
    path = tmp_path / "wine.csv"
    path.write_bytes(csv)
    loaded = data.load(str(path))
    assert (len(loaded.frame), loaded.source, loaded.generated) == (40, str(path), False)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("gone.csv", 'Unable to read "gone.csv": No such file or directory'),
        ("wine.csv/x", "Not a directory"),
        ("a\0b", "null byte"),
        ("x" * 300, "File name too long"),
        ("", '"" is not a file'),
        (".", '"." is not a file'),
        ("/dev/zero", '"/dev/zero" is not a file'),
        ("\udcff.csv", 'Unable to read "?.csv"'),
        ("ftp://127.0.0.1/x", "no ftp URLs, only http, https and s3"),
    ],
)
def test_a_path_that_cannot_be_read_is_said(source: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "wine.csv").touch()
    with pytest.raises(DataError) as caught:
        data.load(source)
    assert sentence in str(caught.value)
    assert "--data sample" in str(caught.value)


def test_the_sample_is_the_same_every_time_and_says_it_is_made_up() -> None:
    first, second = data.load("sample"), data.load("sample")
    assert first.frame.equals(second.frame)
    assert (first.generated, first.source) == (True, "generated")
    assert (len(first.frame), set(first.frame["quality"])) == (1599, {3, 4, 5, 6, 7, 8})


def test_there_is_something_to_learn_from_the_sample() -> None:
    learn, judge = split(data.load("sample").frame, seed=40)
    fitted = model.fit(learn, model.Training(alpha=0.01))
    found = metrics(judge["quality"], fitted.predict(judge.drop(columns="quality")))
    assert found["r2"] > 0.3


def test_a_file_that_is_called_sample_has_a_path(csv: bytes, tmp_path: Path) -> None:
    (tmp_path / "sample").write_bytes(csv)
    assert not data.load("./sample").generated
