"""The private file with an access key's secret, in the form of the AWS console's download."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from mlflow_ops import files

if TYPE_CHECKING:
    from pathlib import Path

HEADER = ("Access key ID", "Secret access key")


def read(path: Path) -> tuple[str, str] | None:
    """Return the key's id and its secret, or None where there is no good file."""
    try:
        _, (key_id, secret) = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, csv.Error):
        return None
    return key_id, secret


def write(path: Path, key_id: str, secret: str) -> None:
    """Save the key's id and its secret; the file is born 0600."""
    text = io.StringIO()
    csv.writer(text).writerows([HEADER, (key_id, secret)])
    files.write_private(path, text.getvalue())
