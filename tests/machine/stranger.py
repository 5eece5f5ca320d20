"""Somebody on another computer, whom the firewall lets in: what they can do is what a test tells.

Security groups are the cloud's and stop nobody here, so a stranger stands for one they admit.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .kinds import Machine

KNOCK = Path(__file__).with_name("knock.py")
PORT = 5000
Ask = tuple[str, str]


@dataclass(frozen=True)
class Ran:
    """What a program of the stranger's came to."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Stranger:
    """Runs programs on the other computer, `before` in front of each; `home` is its folder."""

    machine: Machine
    home: Path
    before: tuple[str, ...] = ()

    def run(self, *words: str, stdin: str = "", **environment: str) -> Ran:
        """Run a program there, with nothing of this process's environment but its PATH."""
        own = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8"}
        ended = subprocess.run(
            [*self.machine.stranger(), *self.before, *words],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.home,
            env={**own, **environment},
            check=False,
        )
        return Ran(ended.returncode, ended.stdout, ended.stderr)

    def python(self, program: str, environment: Mapping[str, str]) -> Ran:
        """Run a Python program there, in the tests' own environment."""
        return self.run(sys.executable, "-c", program, **environment)

    def knock(
        self, asks: Sequence[Ask], ca: Path | None, headers: Mapping[str, str] | None = None
    ) -> list[int | str]:
        """Return the status of each answer, or the error in its place."""
        asked = [{"method": m, "path": p, "headers": dict(headers or {})} for m, p in asks]
        told = {"address": self.machine.address, "port": PORT, "ca": ca and str(ca), "asks": asked}
        # Not by its path: Python would import what lies beside it in place of its own modules.
        ran = self.run(sys.executable, "-c", KNOCK.read_text(), stdin=json.dumps(told))
        assert ran.code == 0, ran.err
        found: list[int | str] = json.loads(ran.out)
        return found


def basic(username: str, password: str) -> dict[str, str]:
    """Return the header of a login."""
    pair = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}
