"""What came of a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MODEL_NAME = "ElasticnetWineModel"


@dataclass(frozen=True)
class Result:
    """A finished run, with its page (None without a server) and its registered model, if any."""

    run_id: str
    run_url: str | None
    experiment_id: str
    params: dict[str, float | int]
    metrics: dict[str, float]
    model_name: str | None
    model_version: str | None

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
