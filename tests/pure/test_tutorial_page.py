"""The page from the tutorial to this: it has each of the tutorial's lines, and measured numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlflow_ops.check import METRICS
from mlflow_ops.steps import STEPS

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "from-the-tutorial.md").read_text("utf-8")
SPEED = (DOCS / "speed.md").read_text("utf-8")
THEIRS = [line.strip("|").split("|")[0] for line in PAGE.splitlines() if line.startswith("| ")]
LINES = (
    "mlflow server",
    "IAM user with AdministratorAccess",
    "aws configure",
    "S3 bucket",
    "key pair",
    "port 5000",
    "t2.micro",
    "ssh -i key.pem",
    "sudo apt update",
    "sudo apt install python3-pip pipenv virtualenv",
    "mkdir mlflow",
    "pipenv install mlflow",
    "pipenv install awscli",
    "pipenv install boto3",
    "pipenv shell",
    "aws configure`, with the administrator's key",
    "mlflow server -h 0.0.0.0 --default-artifact-root s3://",
    "export MLFLOW_TRACKING_URI=http://",
    "mlflow.set_tracking_uri",
    "python train.py",
    "terminate the instance",
)


@pytest.mark.parametrize("line", LINES)
def test_what_the_tutorials_reader_types_has_its_row(line: str) -> None:
    assert any(line in theirs for theirs in THEIRS)


def test_part_a_writes_the_metrics_that_check_writes() -> None:
    told = re.findall(r'log_metric\("(\w+)", (\d+)\)', PAGE)
    assert {name: float(value) for name, value in told} == METRICS


def test_the_steps_that_it_names_are_steps() -> None:
    assert set(re.findall(r"step `(\w+)`", PAGE)) <= set(STEPS)


def test_its_numbers_are_those_that_were_measured() -> None:
    assert "15 packages rather than 128, 7 MB rather than 107" in PAGE
    for row in ("| packages from apt | 128 | 15 |", "| their download | 107.0 MB | 7.0 MB |"):
        assert row in SPEED
    assert "117 s for it rather than 8" in PAGE
    assert "| environment | 117.0 s | 8.0 s |" in SPEED
    assert "15 processes and 2.2 GiB" in PAGE
    assert "| server's processes | 15 | 2 |" in SPEED
    assert "| server's memory (PSS) | 2284 MiB |" in SPEED
