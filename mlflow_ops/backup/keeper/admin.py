"""The admin's password, in the login app's database."""

from __future__ import annotations

from typing import Any

from mlflow_ops.backup import layout
from mlflow_ops.backup.keeper import databases, places

ADMIN = "admin"
# They know the table of the pinned MLflow, so as not to load MLflow a second time into 1 GiB.
CHANGE = "UPDATE users SET password_hash = ?, is_admin = 1 WHERE username = ?"
ADD = "INSERT INTO users (password_hash, username, is_admin) VALUES (?, ?, 1)"


def admin(password: str, place: str = "staged", name: str = ADMIN) -> dict[str, Any]:
    """Give the admin a password in the `staged` database or that in use, `data`.

    The password comes by stdin, which no other user of the host can read. Without such a database
    nothing is set.
    """
    from werkzeug.security import generate_password_hash  # noqa: PLC0415 - takes time, for this alone

    folder = places.data() if place == "data" else places.staged()
    path = folder / layout.USERS_DB
    if not path.is_file():
        return {"set": False}
    with databases.opened(path) as users, users:
        values = (generate_password_hash(password), name)
        if not users.execute(CHANGE, values).rowcount:
            users.execute(ADD, values)
    return {"set": True}
