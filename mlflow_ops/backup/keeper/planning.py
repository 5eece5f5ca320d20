"""What SQLite knows of a database's tables, by which it chooses its ways through them."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

from mlflow_ops.backup.keeper import databases
from mlflow_ops.backup.keeper.places import Failed

if TYPE_CHECKING:
    from pathlib import Path

# Without it, MLflow's sort of 12,000 runs by a metric reads all of them for each of them. A
# connection that is open sees only what comes with a change of the schema, as a new table is:
# https://www.sqlite.org/lang_analyze.html
COUNTED = """
PRAGMA busy_timeout = 1000;
PRAGMA analysis_limit = 1000;
BEGIN IMMEDIATE;
DROP TABLE IF EXISTS sqlite_stat1;
ANALYZE;
COMMIT;
"""


def refresh(path: Path) -> None:
    """Have SQLite count a database of MLflow's anew, in milliseconds, while others use it.

    Does nothing where there is none, where it is damaged, or where somebody writes all the time.
    """
    with (
        contextlib.suppress(OSError, sqlite3.Error, Failed),
        databases.opened(path) as database,
    ):
        database.executescript(COUNTED)
