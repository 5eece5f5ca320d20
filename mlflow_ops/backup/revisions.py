"""Whether a staged database fits the MLflow that is installed, and making it fit."""

from __future__ import annotations

import shlex

from mlflow_ops.commands import FOLDER

STAGED = f"{FOLDER}/staged"
OLDER, NEWER = "older", "newer"
# Read as text: to load MLflow only to know its newest schema takes seconds, and 200 MB.
PROGRAM = """\
import importlib.util, pathlib, re, sqlite3, sys
package = pathlib.Path(importlib.util.find_spec("mlflow").origin).parent
steps = (package / "store" / "db_migrations" / "versions").glob("*.py")
lines = [line for step in steps for line in step.read_text().splitlines()]
def told(name):
    said = [line.split("=", 1)[-1] for line in lines if re.match(rf"{name}\\b.*=", line)]
    return {each for line in said for each in re.findall(r"[\\"'](\\w+)[\\"']", line)}
database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
[(present,)] = database.execute("SELECT version_num FROM alembic_version")
known = told("revision")
print("newer" if present not in known else "older" if present in told("down_revision") else "same")
"""


def compare(program: str = PROGRAM) -> str:
    """Return the command that says whether the staged database is `older`, `newer` or the `same`.

    That is, than what the installed MLflow works with, by the steps of its schema's history.
    """
    python = f"{FOLDER}/.venv/bin/python"
    return f"{python} -c {shlex.quote(program)} {STAGED}/mlflow.db"


def upgrade() -> str:
    """Return the command that brings an older staged database up to date.

    A server does so by itself at its start only where a new table is lacking, too:
    https://mlflow.org/docs/latest/self-hosting/migration/
    """
    return f"cd {STAGED} && ../.venv/bin/mlflow db upgrade sqlite:///mlflow.db"
