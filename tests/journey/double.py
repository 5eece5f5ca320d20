"""The strict cloud in a process of its own, and a host behind its instance at ports 22 and 5000."""

from __future__ import annotations

import fcntl
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cloud.account import Account
from doubles import ssh

from mlflow_ops.backup import units
from mlflow_ops.sandbox import home
from mlflow_ops.server import keeping_up

if TYPE_CHECKING:
    from collections.abc import Iterator

# Port 22 and the server's port 5000 of a loopback address of its own.
ADDRESS = "127.0.0.22"
MAY_LISTEN = sys.platform == "linux" and os.geteuid() == 0
NEEDED = pytest.mark.skipif(
    not MAY_LISTEN, reason="listening at port 22 is not for this user, or not on this system"
)


@contextmanager
def cloud() -> Iterator[Account]:
    """Serve the strict cloud while the context lasts."""
    folder = Path(__file__).parent
    words = [sys.executable, str(folder / "emulator.py"), ADDRESS]
    environment = os.environ | {"PYTHONPATH": str(folder.parent)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        yield Account(process.stdout.readline().strip())
        process.kill()


@contextmanager
def machine(folder: Path, endpoint: str) -> Iterator[ssh.SshDouble]:
    """Stand in for the host: software already there, and a server that binds ADDRESS alone."""
    home.prepare(folder)
    script = folder / "mlflow" / ".venv" / "bin" / "mlflow"
    python = shlex.quote(str(script.with_name("python")))
    narrow = f'for a; do shift; [ "$a" = 0.0.0.0 ] && a={ADDRESS}; set -- "$@" "$a"; done'
    script.write_text(f'#!/bin/sh\n{narrow}\nexec {python} -m mlflow "$@"\n')
    path = f"{folder}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
    # There is one such address, and tests may run side by side.
    with (Path(tempfile.gettempdir()) / f"mlflow-ops-{ADDRESS}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with ssh.running(folder, endpoint, address=ADDRESS, port=22, path=path) as double:
            try:
                yield double
            finally:
                _end_programs(folder)


def _end_programs(folder: Path) -> None:
    """End what keeps the server and the backup up, which outlives the connections."""
    for script in (keeping_up.SCRIPT, units.SCRIPT):
        pid = folder / script.pid_file
        if pid.exists():
            os.killpg(int(pid.read_text()), signal.SIGKILL)
