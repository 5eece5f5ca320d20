"""The environments on the host, side by side, and the link to the one in use, as text.

    ~/mlflow/.venv -> environments/<id>/mlflow/.venv
    ~/mlflow/environments/<id>/mlflow/requirements.txt     its lock, there when all of it is

Each is a pipenv project of the name that pipenv shows in its prompt.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from mlflow_ops import lock
from mlflow_ops.commands import FOLDER, UNPINNED

ALL = f"{FOLDER}/environments"
ID = re.compile(r"([0-9a-z.]+)-[0-9a-f]{12}")
VERSION = re.compile(r"\d+(\.\d+)+((a|b|rc)\d+)?", re.ASCII)
PACKAGES = ("mlflow[auth]=={}", "awscli", "boto3")
# Compiles what the server loads to bytecode: the server itself may write none here, and without it
# each of its starts takes twice as long. The last module is one that not every MLflow has.
COMPILE = (
    "MLFLOW_DISABLE_TELEMETRY=true .venv/bin/python -W ignore -c "
    "'import boto3, mlflow.cli, mlflow.server.auth, mlflow.server.fastapi_app'"
)
# A sandbox's host has another Python than a machine of Ubuntu's.
PYTHON = '"${MLFLOW_OPS_PYTHON:-/usr/bin/python3}"'


@dataclass(frozen=True)
class Environment:
    """One environment, by its id: the version of MLflow, and the start of its lock's SHA-256."""

    id: str

    @property
    def version(self) -> str:
        """The version of MLflow in it."""
        return self.id.rpartition("-")[0]

    @property
    def folder(self) -> str:
        """Where it is on the host: the pipenv project, with its `.venv`."""
        return f"{ALL}/{self.id}/mlflow"


def of(version: str, digest: str) -> Environment:
    """Return the environment from a lock with this SHA-256."""
    return Environment(f"{version}-{digest[:12]}")


def from_lock(text: str) -> Environment:
    """Return the environment that comes from this lock."""
    [version] = re.findall(r"(?m)^mlflow==([0-9a-z.]+)", text)
    return of(version, hashlib.sha256(text.encode()).hexdigest())


def shipped() -> Environment:
    """Return the environment that comes from the lock that ships with this package."""
    return from_lock(lock.text(lock.MLFLOW))


def make(environment: Environment) -> str:
    """Return the command that makes an empty one.

    From nothing each time: what a power cut has left of one is not to be trusted.
    """
    # Without a Pipfile of its own, pipenv takes that of a folder above.
    return (
        f"rm -rf {ALL}/{environment.id} && mkdir -p {environment.folder} && "
        f"cd {environment.folder} && printf '[packages]\\n' > Pipfile && "
        f"PIPENV_VENV_IN_PROJECT=1 PIPENV_YES=1 pipenv --python {PYTHON}"
    )


def install_uv(environment: Environment) -> str:
    """Return the command that puts uv into it, from the lock in `uv.txt`."""
    return (
        f"cd {environment.folder} && .venv/bin/python -m pip install -q --no-input "
        "--disable-pip-version-check --no-cache-dir --only-binary :all: --require-hashes -r uv.txt"
    )


def install_lock(environment: Environment) -> str:
    """Return the command that fills it from the lock in `requirements.new`.

    The lock gets its name last, so that its presence says that all of it is on the disk.
    """
    return (
        f"cd {environment.folder} && VIRTUAL_ENV=.venv .venv/bin/uv pip install --system-certs "
        "--no-cache --only-binary :all: --require-hashes -r requirements.new && "
        f"{{ {COMPILE} || true; }} && sync && mv requirements.new requirements.txt && sync"
    )


def use(environment: Environment) -> str:
    """Return the command that makes it the one in use, in one move."""
    there = environment.folder.removeprefix(f"{FOLDER}/")
    return (
        f"cd {FOLDER} && ln -sfn {there}/.venv .venv.new && "
        "{ [ -L .venv ] || rm -rf .venv; } && "
        # GNU's `mv` takes -T, and BSD's -h, for not going through a link to a folder.
        "{ mv -fT .venv.new .venv 2>/dev/null || mv -fh .venv.new .venv; } && "
        # For who logs in and says `pipenv run`.
        "{ [ -e Pipfile ] || cp .venv/../Pipfile Pipfile 2>/dev/null || true; } && sync"
    )


def complete(version: str) -> str:
    """Return the command that prints the ids of the complete ones of a version, newest first."""
    # The path of a lock without its end: `basename` is one more program.
    cut = f"sed -n 's,^{ALL}/\\([^/]*\\)/mlflow/requirements.txt$,\\1,p'"
    return f"ls -t {ALL}/{version}-*/mlflow/requirements.txt 2>/dev/null | {cut}"


def resolve(version: str) -> str:
    """Return the command that prints a lock for a version of MLflow, with hashes, for this host."""
    packages = " ".join(f"'{each.format(version)}'" for each in PACKAGES)
    return (
        f"printf '%s\\n' {packages} | {FOLDER}/.venv/bin/uv pip compile --quiet --system-certs "
        f"--no-cache --python {FOLDER}/.venv/bin/python --generate-hashes --only-binary :all: "
        "--no-emit-index-url --no-annotate --no-header -"
    )


def resolved(printed: str) -> str:
    """Return the lock that the host has printed, marked as one that is not ours."""
    return f"{UNPINNED}\n{printed}"


def remove_all_but(*kept: Environment) -> str:
    """Return the command that removes the others."""
    names = "|".join(each.id for each in kept)
    return (
        f'for each in {ALL}/*; do case ${{each##*/}} in {names}) ;; *) rm -rf "$each" ;; esac; done'
    )
