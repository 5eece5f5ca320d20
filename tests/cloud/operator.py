"""The person at the command line, whose runs are real processes but cost little to start.

A process that has loaded everything and made the AWS clients once is forked for each run, so that
a run can be killed like any other process, and begins in milliseconds. Waits pass quickly: a pause
takes 5 ms at most, and the run's clock is put forward by the rest.

    python operator.py ENDPOINT      one JSON request a line on stdin, reports on stdout
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.target import Ports

PATIENCE = 60.0


@dataclass(frozen=True)
class Laptop:
    """One person's machine: its folder, and the fake host's ports as seen from it."""

    folder: Path
    ports: Ports

    @property
    def ops(self) -> Path:
        """Our local files there."""
        return self.folder / "ops"

    @property
    def aws(self) -> Path:
        """The AWS files there."""
        return self.folder / ".aws"

    @property
    def environment(self) -> dict[str, str]:
        """What runs find in their environment."""
        return {
            "HOME": str(self.folder),
            "MLFLOW_OPS_HOME": str(self.ops),
            "NO_COLOR": "1",
            "PATH": os.environ["PATH"],
        }


@dataclass
class Run:
    """A run of the command line that has begun."""

    words: tuple[str, ...]
    said: Path
    pid: int = 0
    code: int | None = None
    begun: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def wait(self, seconds: float = PATIENCE) -> Run:
        """Wait until it has ended; its code is negative when a signal has ended it."""
        assert self.ended.wait(seconds), f"{self.words} has not ended: {self.output}"
        return self

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self.begun.wait(PATIENCE)
        os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, and return when it is dead."""
        self.send(signal.SIGKILL)
        self.wait(5)

    @property
    def output(self) -> str:
        """All that it has said so far."""
        return self.said.read_text(encoding="utf-8")


@dataclass
class Operator:
    """Starts runs."""

    process: subprocess.Popen[str]
    scratch: Path
    runs: dict[str, Run] = field(default_factory=dict)

    def start(self, laptop: Laptop, *words: str, **environment: str) -> Run:
        """Begin a run of `mlflow-ops WORDS` on a laptop."""
        name = str(len(self.runs))
        run = self.runs[name] = Run(words, self.scratch / f"{name}.txt")
        run.said.touch()
        request = {
            "run": name,
            "words": words,
            "said": str(run.said),
            "environment": laptop.environment | environment,
            "ports": astuple(laptop.ports),
        }
        assert self.process.stdin
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return run

    def run(self, laptop: Laptop, *words: str, **environment: str) -> Run:
        """Run `mlflow-ops WORDS` on a laptop to its end."""
        return self.start(laptop, *words, **environment).wait()

    def listen(self) -> None:
        """Hear what becomes of the runs, until there is nothing more to hear."""
        assert self.process.stdout
        for line in self.process.stdout:
            report: dict[str, Any] = json.loads(line)
            run = self.runs[report["run"]]
            run.pid, run.code = report.get("pid", run.pid), report.get("code")
            (run.begun if "pid" in report else run.ended).set()
        for run in self.runs.values():  # whoever still waits would wait in vain
            run.begun.set()
            run.ended.set()


@contextmanager
def ready(endpoint: str, scratch: Path) -> Iterator[Operator]:
    """Have an operator for the cloud at this endpoint; its runs end with the context."""
    words = [sys.executable, "-m", "cloud.forks", endpoint]
    paths = [str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")]
    given = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    pipe = subprocess.PIPE
    options: Any = {"stdin": pipe, "stdout": pipe, "text": True, "env": given, "cwd": scratch}
    with subprocess.Popen(words, **options) as process:
        operator = Operator(process, scratch)
        listener = threading.Thread(target=operator.listen)
        listener.start()
        try:
            yield operator
        finally:
            assert process.stdin
            process.stdin.close()
            listener.join()
