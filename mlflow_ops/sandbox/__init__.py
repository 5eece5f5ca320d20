"""A cloud on this machine: AWS's API and a host behind its instances, in one background process.

Importing this loads none of its parts; `installed` tells whether they are there.
"""

from __future__ import annotations

from mlflow_ops.sandbox.control import SandboxFailed, find, installed, remains, start, stop
from mlflow_ops.sandbox.running import Sandbox

__all__ = ["Sandbox", "SandboxFailed", "find", "installed", "remains", "start", "stop"]
