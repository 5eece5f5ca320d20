"""How long the commands take, side by side with what they are compared with, in one run.

    make bench

Needs the extra `sandbox`. Prints a table; asserts nothing, since timings vary by machine and hour.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = Path(sys.executable).parent
CLIENT = (
    "import json, os\n"
    "print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('MLFLOW_TRACKING')}))"
)
PLAIN_SCRIPT = """
import mlflow, mlflow.sklearn, numpy, pandas
from importlib.metadata import version
from mlflow.models import infer_signature
from matplotlib.figure import Figure
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

frame = pandas.read_csv({data!r}, sep=";").astype(float)
train, test = train_test_split(frame, random_state=40)
x, y = train.drop(columns="quality"), train.quality
tx, ty = test.drop(columns="quality"), test.quality
mlflow.set_tracking_uri({uri!r})
mlflow.set_experiment("plain")
with mlflow.start_run():
    model = ElasticNet(alpha=0.6, l1_ratio=0.5, random_state=42).fit(x, y)
    found = model.predict(tx)
    mlflow.log_params({{"alpha": 0.6, "l1_ratio": 0.5}})
    mlflow.log_metrics({{"rmse": mean_squared_error(ty, found) ** 0.5,
                        "mae": mean_absolute_error(ty, found), "r2": r2_score(ty, found)}})
    mlflow.log_input(mlflow.data.from_pandas(frame, targets="quality"))
    for name in ("predicted", "residuals", "coefficients"):
        figure = Figure()
        figure.subplots().scatter(ty, found)
        mlflow.log_figure(figure, f"plots/{{name}}.png")
    mlflow.sklearn.log_model(
        model, name="model", registered_model_name="PlainModel", input_example=x.head(3),
        signature=infer_signature(x, found),
        pip_requirements=[f"{{p}}=={{version(p)}}" for p in ("mlflow", "scikit-learn", "skops")],
    )
"""


def seconds(*words: str, times: int = 1) -> float:
    """Return the median seconds that a command takes; raise when it fails."""
    taken = []
    for _ in range(times):
        start = time.monotonic()
        subprocess.run(words, check=True, capture_output=True)
        taken.append(time.monotonic() - start)
    return statistics.median(taken)


def row(what: str, took: float, against: float | None = None, target: str = "") -> None:
    """Print one line of the table."""
    ratio = f"{took / against:5.2f}×" if against else ""
    print(f"| {what:<34} | {took:7.2f} s | {ratio:>7} | {target:<8} |", flush=True)


def main() -> None:
    """Measure and print."""
    ops, python = str(BIN / "mlflow-ops"), sys.executable
    print("| what                               | seconds   | ratio   | target   |")
    print("|------------------------------------|-----------|---------|----------|")
    with tempfile.TemporaryDirectory() as home:
        os.environ["MLFLOW_OPS_HOME"] = home
        bare = seconds(python, "-c", "import click", times=9)
        row('python -c "import click"', bare)
        row("mlflow-ops --help", seconds(ops, "--help", times=9), bare, "≤ 2.5×")
        row("up --sandbox", seconds(ops, "up", "--sandbox", "--yes"), target="≤ 15 s")
        try:
            compare_training(ops, python, Path(home) / "wine.csv")
            row("up --sandbox again", seconds(ops, "up", "--sandbox", "--yes"))
            row("status --sandbox", seconds(ops, "status", "--sandbox"))
        finally:
            row("down --sandbox", seconds(ops, "down", "--sandbox", "--yes"), target="≤ 5 s")


def compare_training(ops: str, python: str, data: Path) -> None:
    """Measure the same work done by `train` and by a plain script, in turns."""
    write_sample(data)
    told = subprocess.run(
        [ops, "run", "--sandbox", "--", python, "-c", CLIENT],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    os.environ |= json.loads(told)  # the login and the CA, for the plain script
    script = PLAIN_SCRIPT.format(data=str(data), uri=os.environ["MLFLOW_TRACKING_URI"])
    train = (ops, "train", "--sandbox", "--alpha", "0.6", "--data", str(data))
    pairs = [(seconds(python, "-W", "ignore", "-c", script), seconds(*train)) for _ in range(3)]
    plain = statistics.median(pair[0] for pair in pairs)
    row("the same training as a plain script", plain)
    row("train --sandbox", statistics.median(pair[1] for pair in pairs), plain, "≤ 1.25×")


def write_sample(data: Path) -> None:
    """Write the trainer's generated data set to a file, for both to read."""
    from trainer import data as trainer_data  # noqa: PLC0415 - pandas is not needed to print --help

    trainer_data.load("sample").frame.to_csv(data, sep=";", index=False)


if __name__ == "__main__":
    main()
