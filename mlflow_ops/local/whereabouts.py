"""Which processes a number can mean: those of one machine, since its start, in one container."""

from __future__ import annotations

import contextlib
import platform
from pathlib import Path

from mlflow_ops import files

BOOT = Path("/proc/sys/kernel/random/boot_id")
NAMESPACE = Path("/proc/self/ns/pid")  # https://man7.org/linux/man-pages/man7/pid_namespaces.7.html


def here() -> str:
    """Return one word for the start of this machine and the processes seen from here.

    It is `-` where the system tells neither.
    """
    said = [files.text(BOOT).strip()]
    with contextlib.suppress(OSError):
        said.append(str(NAMESPACE.stat().st_ino))
    return ":".join(filter(None, said)) or "-"


def name() -> str:
    """Return the name by which people know this machine, or this container; one word."""
    return "".join(platform.node().split()) or "-"
