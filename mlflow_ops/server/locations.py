"""What a client may name as a place that the server reads for it, with the server's own rights.

Without a bound, whoever is let in reads the backups, or the files of the server's user, by
registering them as a model or by making them the place of an experiment's artifacts.
"""

from __future__ import annotations

import re

from mlflow_ops.backup import layout

# What MLflow's clients and its page send for a prompt, which lies nowhere.
PROMPTS = ("dummy-source", "prompt-template")
# A second slash would name another server.
MODELS = ("mlflow-artifacts:/(?!/)", "runs:/(?!/)", "models:/(?!/)")


def environment(bucket: str) -> dict[str, str]:
    """Return the variables that hold MLflow to the artifacts of the stack.

    https://mlflow.org/docs/latest/api_reference/python_api/mlflow.environment_variables.html
    """
    return {
        "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": sources(bucket),
        # The server chooses where an experiment's artifacts lie; even `.` would be its data.
        "MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH": "0",
    }


def sources(bucket: str) -> str:
    """Return the expression for where a model that a client registers may lie."""
    inside = "|".join((*MODELS, re.escape(f"s3://{bucket}/{layout.ARTIFACTS}/")))
    return rf"\A(?![\s\S]*\.\.)(?:(?:{'|'.join(PROMPTS)})\Z|{inside})"
