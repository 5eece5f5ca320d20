"""What came of a training, or of several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

MODEL_NAME = "ElasticnetWineModel"
PARAMS, METRICS = ("alpha", "l1_ratio"), ("rmse", "mae", "r2")
COLUMNS = (*PARAMS, *METRICS, "run")


@dataclass(frozen=True)
class Result:
    """A finished run, with its page (None without a server) and its registered model, if any."""

    run_id: str
    run_url: str | None
    experiment_id: str
    params: dict[str, float | int]
    metrics: dict[str, float]
    model_name: str | None = None
    model_version: str | None = None
    failures: ClassVar[Sequence[Failure]] = ()
    rows: ClassVar[Sequence[Sequence[str]]] = ()

    @property
    def best(self) -> Result:
        """The best of one."""
        return self

    def without_pages(self) -> Result:
        """Return it with no address that would soon lead nowhere."""
        return replace(self, run_url=None)

    def as_json(self) -> dict[str, Any]:
        """Return plain data; an unregistered model has null for its name and its version."""
        return {
            "run_id": self.run_id,
            "run_url": self.run_url,
            "experiment_id": self.experiment_id,
            "params": dict(self.params),
            "metrics": dict(self.metrics),
            "model": {"name": self.model_name, "version": self.model_version},
        }

    def as_text(self) -> str:
        """Return the four lines that MLflow's tutorial prints, word for word."""
        alpha, l1_ratio = self.params["alpha"], self.params["l1_ratio"]
        return "\n".join(
            (
                f"Elasticnet model (alpha={alpha:f}, l1_ratio={l1_ratio:f}):",
                f"  RMSE: {self.metrics['rmse']}",
                f"  MAE: {self.metrics['mae']}",
                f"  R2: {self.metrics['r2']}",
            )
        )


def told(params: dict[str, float | int]) -> str:
    """Say which training it was; it is the name of a child run, too."""
    return ", ".join(f"{name} {params[name]}" for name in PARAMS)


@dataclass(frozen=True)
class Failure:
    """A training of several that failed, and one sentence of why."""

    params: dict[str, float | int]
    why: str

    def as_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"params": dict(self.params), "error": self.why}

    def as_text(self) -> str:
        """Return one sentence."""
        return f"The training with {told(self.params)} failed: {self.why}"


@dataclass(frozen=True)
class Sweep:
    """A parent run with its page, what came of its children in the order asked, and what failed."""

    run_id: str
    run_url: str | None
    experiment_id: str
    results: tuple[Result, ...]
    failures: tuple[Failure, ...] = ()

    @property
    def ranked(self) -> list[Result]:
        """The results, the one with the lowest RMSE first."""
        return sorted(self.results, key=lambda each: each.metrics["rmse"])

    @property
    def best(self) -> Result | None:
        """The result with the lowest RMSE, whose model alone is registered; None if all failed."""
        return next(iter(self.ranked), None)

    @property
    def rows(self) -> Sequence[Sequence[str]]:
        """The cells of a table with COLUMNS, the best first."""
        return [
            [
                *(str(each.params[name]) for name in PARAMS),
                *(f"{each.metrics[name]:.4f}" for name in METRICS),
                each.run_id,
            ]
            for each in self.ranked
        ]

    def without_pages(self) -> Sweep:
        """Return it with no address that would soon lead nowhere."""
        results = tuple(each.without_pages() for each in self.results)
        return replace(self, run_url=None, results=results)

    def as_json(self) -> dict[str, Any]:
        """Return plain data; `best` is null where all have failed."""
        return {
            "run_id": self.run_id,
            "run_url": self.run_url,
            "experiment_id": self.experiment_id,
            "best": self.best.as_json() if self.best else None,
            "children": [each.as_json() for each in self.results],
            "failures": [each.as_json() for each in self.failures],
        }

    def as_text(self) -> str:
        """Return the best as the tutorial prints it, after how many it is the best of."""
        if self.best is None:
            return f"All {len(self.failures)} trainings failed."
        return f"The best of {len(self.results)}, by RMSE:\n{self.best.as_text()}"
