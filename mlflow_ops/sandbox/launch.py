"""Starting the sandbox's own process, detached, with nothing of the user's AWS settings."""

from __future__ import annotations

import os
import site
import subprocess
import sys
from pathlib import Path

from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.sandbox.places import Places

START_DEADLINE = 60.0
LINES_IN_ERROR = 12
MODULE = "mlflow_ops.sandbox"
INHERITED = (
    *("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "TZ", "VIRTUAL_ENV"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
)


class SandboxFailed(MlflowOpsError):
    """The sandbox could not be started; the message ends with the last lines of its log."""


def launch(folder: Path) -> None:
    """Start the process and come back once it runs in the background, ready.

    Raises SandboxFailed when it ends before, or needs more than 60 s.
    """
    descriptor = os.open(Places(folder).log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as log:
        try:
            subprocess.run(
                [sys.executable, "-m", MODULE, str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=_environment(folder),
                timeout=START_DEADLINE,
                check=True,
            )
        except (subprocess.SubprocessError, OSError) as error:
            raise SandboxFailed(_failure(folder, error)) from error


def _failure(folder: Path, error: Exception) -> str:
    late = isinstance(error, subprocess.TimeoutExpired)
    what = f"is not ready after {START_DEADLINE:.0f} s" if late else "did not start"
    log = Places(folder).log.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in log.splitlines() if line.strip()][-LINES_IN_ERROR:]
    return f"The sandbox in {folder} {what}." + "".join(f"\n  | {line}" for line in lines)


def _environment(folder: Path) -> dict[str, str]:
    """Return what the process inherits: no AWS setting, no proxy, and a home without ~/.aws."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    # Packages installed with `pip install --user` are found through the user's own home.
    return {"PYTHONUSERBASE": site.getuserbase(), **kept, "HOME": str(folder)} | _source_tree(kept)


def _source_tree(kept: dict[str, str]) -> dict[str, str]:
    """Return what makes a mlflow-ops be found that is not installed."""
    place = Path(__file__).parents[2]
    if place.name in {"site-packages", "dist-packages"}:
        return {}
    return {"PYTHONPATH": os.pathsep.join([str(place), *filter(None, [kept.get("PYTHONPATH")])])}
