"""The databases for another MLflow: copied, brought up to date there, and compared, as commands.

What the server works with is not touched by it.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from mlflow_ops.backup import revisions
from mlflow_ops.backup.keeper.places import BESIDE
from mlflow_ops.backup.layout import DATABASES, MLFLOW_DB, USERS_DB
from mlflow_ops.commands import ENVIRONMENT, FOLDER
from mlflow_ops.server.serving import DATA

if TYPE_CHECKING:
    from mlflow_ops.environments import Environment

STAGED = f"{FOLDER}/staged"
PYTHON = f"{ENVIRONMENT}/bin/python"
IS_THERE = f"[ -s {DATA}/{MLFLOW_DB} ]"
# Whoever has taken the server over may plant links in its folder, to what only we can read.
PLAIN = f"""\
import pathlib, sys
def plain(folder):
    for name in {DATABASES}:
        every = [folder / (name + end) for end in {("", *BESIDE)}]
        for path in every:
            if path.is_symlink() or path.exists() and not path.is_file():
                sys.exit(f"{{path}} is a link or a folder and no file: remove it, and try again")
        if every[0].is_file():
            yield every[0]
"""
# By SQLite's own backup, which takes in what stands in a write-ahead log. With an id, the keeper
# puts them in place.
COPY = """\
import os, shutil, sqlite3, uuid
data, staged = map(pathlib.Path, sys.argv[1:])
os.umask(0o077)
shutil.rmtree(staged, ignore_errors=True)
staged.mkdir()
for path in plain(data):
    there, copy = sqlite3.connect(path, timeout=30), sqlite3.connect(staged / path.name)
    there.backup(copy)
    there.close()
    copy.close()
(staged / "id").write_text(uuid.uuid4().hex)
"""
# Says what the one set of databases holds more or less of than the other, nothing if neither.
COMPARE = """\
import sqlite3
tables = ("experiments", "runs", "metrics", "registered_models", "model_versions", "users")
def held(folder):
    counts = {}
    for path in plain(pathlib.Path(folder)):
        database = sqlite3.connect(path, timeout=30)
        [(whole,)] = database.execute("PRAGMA integrity_check(1)")
        if whole != "ok":
            sys.exit(f"{path} is damaged: {whole}")
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for table in {name for (name,) in names} & set(tables):
            counts[path.name, table] = database.execute(f"SELECT count(*) FROM {table}").fetchone()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
    return counts
before, after = map(held, sys.argv[1:])
if before != after:
    print({key: (before.get(key), after.get(key)) for key in before.keys() | after.keys()})
"""


def copy() -> str:
    """Return the command that copies the databases; the server is stopped."""
    return f"{PYTHON} -c {shlex.quote(PLAIN + COPY)} {DATA} {STAGED}"


def knows(environment: Environment) -> str:
    """Return the command that says whether the database is too new for this MLflow: `newer`."""
    python = f"{environment.folder}/.venv/bin/python"
    return f"{python} -c {shlex.quote(revisions.PROGRAM)} {DATA}/{MLFLOW_DB}"


def migrate(environment: Environment) -> str:
    """Return the command that brings the copies up to date with this MLflow.

    https://mlflow.org/docs/latest/self-hosting/migration/
    """
    bin_folder = f"../{environment.folder.removeprefix(f'{FOLDER}/')}/.venv/bin"
    return (
        f"cd {STAGED} && export MLFLOW_DISABLE_TELEMETRY=true && "
        f"{bin_folder}/mlflow db upgrade sqlite:///{MLFLOW_DB} && "
        f"{{ [ ! -e {USERS_DB} ] || "
        f"{bin_folder}/python -m mlflow.server.auth db upgrade --url sqlite:///{USERS_DB}; }}"
    )


def difference(before: str, after: str) -> str:
    """Return the command that says in what the databases of two folders differ, if in anything."""
    return f"{PYTHON} -c {shlex.quote(PLAIN + COMPARE)} {before} {after}"
