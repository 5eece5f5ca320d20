"""The machine that this runs on: its Python, its programs, and room for our files."""

from __future__ import annotations

import os
import platform
import shutil
from importlib import metadata
from typing import TYPE_CHECKING

from mlflow_ops import __version__, sandbox
from mlflow_ops.doctor.check import FAIL, OK, WARN, Finding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlflow_ops.target import AwsFiles

DISTRIBUTION = "mlflow-ops"
SANDBOX_PARTS = "pip install 'mlflow-ops[sandbox]'"
MIB = 1024 * 1024
LITTLE = 500 * MIB  # `export` and `train` write what they move, and a data set
LEAST = 20 * MIB  # for the key, the certificate and the logs of one stack


def python(needs: Sequence[str] | None = None) -> Finding:
    """Tell which Python and MLflow this is, and which of our requirements are not installed."""
    versions = f"Python {platform.python_version()}, mlflow-ops {__version__}"
    needs = metadata.requires(DISTRIBUTION) or [] if needs is None else needs
    if missing := [name for name in _required(needs) if not _version(name)]:
        return Finding(
            FAIL,
            f"{versions}: {', '.join(missing)} is not installed.",
            "install them again: `pip install --upgrade --force-reinstall mlflow-ops`",
        )
    return Finding(OK, f"{versions}, MLflow {_version('mlflow')}.")


def sandbox_parts() -> Finding:
    """Tell whether --sandbox would find its parts."""
    if sandbox.installed():
        return Finding(OK, "The sandbox's parts are installed.")
    return Finding(FAIL, "The sandbox's parts are not installed.", f"`{SANDBOX_PARTS}`")


def ssh() -> Finding:
    """Tell whether the programs are here that `ssh`, `exec` and `cp` start."""
    missing = [name for name in ("ssh", "scp") if shutil.which(name) is None]
    if missing:
        return Finding(
            WARN,
            f"There is no `{'` and no `'.join(missing)}` here, for the commands ssh, exec and cp.",
            "install the OpenSSH client (`apt install openssh-client`); all else does without",
        )
    return Finding(OK, "ssh and scp are here.")


def files(home: Path) -> Finding:
    """Tell whether our files can be written, without writing any."""
    return _writable(home, "our files are", "set MLFLOW_OPS_HOME to another folder")


def aws_files(found: AwsFiles) -> Finding:
    """Tell whether the stack's profile can be written into the AWS files, without writing it."""
    other = "set AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE to other files"
    for path in (found.credentials, found.config):
        told = _writable(path.resolve().parent, "the stack's AWS profile is", other)
        if told.state != OK:
            return told
    return told


def _writable(folder: Path, what: str, other: str) -> Finding:
    place = existing(folder)
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        return Finding(OK, f"{folder} can be written.")
    why = "is not a folder" if not place.is_dir() else "cannot be written"
    cure = f"see to its owner and mode, or {other}"
    return Finding(FAIL, f"{place} {why}, and {what} to be in {folder}.", cure)


def disk(home: Path) -> Finding:
    """Tell whether there is room for our files."""
    place = existing(home)
    free = shutil.disk_usage(place).free
    left = f"{free / MIB:,.0f} MiB are free where our files are ({place})."
    if free >= LITTLE:
        return Finding(OK, left)
    cure = "make room there, or set MLFLOW_OPS_HOME to a folder on another disk"
    return Finding(FAIL if free < LEAST else WARN, left, cure)


def existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def _required(needs: Sequence[str]) -> list[str]:
    """Return the names of the distributions that this Python, on this system, cannot do without."""
    try:
        from packaging.requirements import Requirement  # noqa: PLC0415 - it may be what is missing
    except ImportError:
        return ["packaging"]
    wanted = [Requirement(need) for need in needs]
    return [each.name for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
