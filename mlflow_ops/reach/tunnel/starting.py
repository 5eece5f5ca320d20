"""Starting the process that holds a tunnel, and hearing from it once it does."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from mlflow_ops.errors import HostUnreachable

if TYPE_CHECKING:
    from mlflow_ops.folder import Folder
    from mlflow_ops.reach.tunnel.note import Way

# It loads paramiko, waits its turn for the file and connects, each with a deadline of its own.
START_DEADLINE = 40.0


def start(folder: Folder, way: Way, wished: int) -> int:
    """Start the process, and return the port it listens on, the wished one if that is free.

    Raises HostUnreachable when it cannot hold the tunnel.
    """
    # What it is to do comes by stdin, and of the environment only what has no secret in it.
    own = ("AWS_", "MLFLOW_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow_ops.reach.tunnel"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        start_new_session=True,
    )
    request = {"folder": str(folder.path), "port": wished, "way": asdict(way)}
    with process:
        said = _hear(process, json.dumps(request).encode())
    if "port" not in said:
        why = said.get("error", "its process ended")
        raise HostUnreachable(f"The tunnel to the host did not come up: {why}")
    return int(str(said["port"]))


def _hear(process: subprocess.Popen[bytes], request: bytes) -> dict[str, object]:
    """Return what the process says, in one line; nothing of it when it says nothing in time."""
    if process.stdin is None or process.stdout is None:
        raise TypeError("a process that was started without pipes")
    process.stdin.write(request)
    process.stdin.close()
    ready, _, _ = select.select([process.stdout], [], [], START_DEADLINE)
    line = process.stdout.readline() if ready else b""
    if not line:
        process.kill()  # ours, and not reaped yet
    found: dict[str, object] = json.loads(line or b"{}")
    return found
