"""Where the runs in a database have their artifacts: made to fit another server.

A stack whose clients reach the bucket themselves has `s3://bucket/artifacts/…` in its database,
and every other `mlflow-artifacts:/…`, which any server takes for its --artifacts-destination.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from mlflow_ops.backup.layout import ARTIFACTS
from mlflow_ops.errors import MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROXIED = "mlflow-artifacts:/"
# As of MLflow 3.17; an older schema has fewer of them.
# https://github.com/mlflow/mlflow/blob/master/mlflow/store/tracking/dbmodels/models.py
COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("trace_tags", "value"),  # mlflow.artifactLocation
)
# What Litestream puts into a database that it watches.
LITESTREAM = ("_litestream_seq", "_litestream_lock")


def direct(bucket: str) -> str:
    """Return what artifacts' URIs begin with where clients reach this bucket themselves."""
    return f"s3://{bucket}/{ARTIFACTS}/"


def move(database: Path, old: str, new: str) -> int:
    """Let each artifact's URI that begins with `old` begin with `new`; return how many did."""
    with _opened(database) as held, held:
        return sum(_moved(held, table, column, old, new) for table, column in COLUMNS)


def standalone(database: Path) -> None:
    """Make the database one file that needs no other beside it, with nothing of the backup's."""
    with _opened(database) as held:
        held.execute("PRAGMA journal_mode = DELETE")
        with held:
            for table in LITESTREAM:
                held.execute(f"DROP TABLE IF EXISTS {table}")


@contextlib.contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    try:
        with contextlib.closing(sqlite3.connect(database)) as held:
            yield held
    except sqlite3.Error as error:
        raise MlflowOpsError(
            f"{database.name} is no database of MLflow's ({error}): nothing was done with it. Take "
            "another backup or export."
        ) from error


def _moved(held: sqlite3.Connection, table: str, column: str, old: str, new: str) -> int:
    if column not in {row[1] for row in held.execute(f"PRAGMA table_info({table})")}:
        return 0
    return held.execute(
        f"UPDATE {table} SET {column} = ? || substr({column}, ?) "  # noqa: S608 - of constants alone
        f"WHERE substr({column}, 1, ?) = ?",
        (new, len(old) + 1, len(old), old),
    ).rowcount
