"""The process that is forked for each run of the command line.

    python -m cloud.forks ENDPOINT

Reads one JSON request a line, and reports each run's process id, then its exit code. It ends, and
its runs with it, when there are no more requests to come. Time passes quickly for a run, unless
REAL_TIME is in its environment; AWS's clock is ahead by the seconds that AHEAD says.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_ops import cli, host, steps, target  # noqa: F401 - loaded before any run is forked
from mlflow_ops.wait import CLOCK, Clock
from mlflow_ops.world import World

from .hurry import Hurried, Ready, client, session

if TYPE_CHECKING:
    from mlflow_ops.settings import Settings

NO_REGION = "us-east-1"
# Others are made when they are first used.
SERVICES = ("ec2", "iam", "s3", "service-quotas", "ssm", "sts")


def world(request: dict[str, Any], endpoint: str) -> World:
    """Return what a run stands on."""

    def reach(settings: Settings) -> target.Target:
        region = settings.region or os.environ.get("AWS_REGION") or NO_REGION
        found = Ready(session(), region, endpoint)
        folder = Path(os.environ["HOME"]) / ".aws"
        files = target.AwsFiles(folder / "credentials", folder / "config")
        ssh, server, bind = request["ports"]
        ports = target.Ports(ssh, server, bind)
        return target.Target("aws", found, files, ports, lambda: "127.0.0.1")

    hurried = Hurried()
    clock = CLOCK if "REAL_TIME" in os.environ else Clock(hurried.now, hurried.sleep)
    return World(reach, clock)


def become(request: dict[str, Any], endpoint: str) -> None:
    """Be the run that is asked for, and end with its exit code."""
    said = os.open(request["said"], os.O_WRONLY | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for stream, descriptor in ((0, nothing), (1, said), (2, said)):
        os.dup2(descriptor, stream)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # it is a text stream
    gc.disable()  # a run is over before there is much to collect
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(os.environ["HOME"])
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code: Any = 70
    try:
        cli.main(request["words"], world=world(request, endpoint))
    except SystemExit as ended:
        code = ended.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 0)


class Forks:
    """The runs that are alive, by process id."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._alive: dict[int, str] = {}
        self._report = os.dup(1)

    def begin(self, request: dict[str, Any]) -> None:
        """Fork a run, and report its process id."""
        pid = os.fork()
        if not pid:
            become(request, self._endpoint)
        self._alive[pid] = request["run"]
        self._say(run=request["run"], pid=pid)

    def reap(self) -> None:
        """Report the runs that have ended."""
        while self._alive:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            self._say(run=self._alive.pop(pid), code=os.waitstatus_to_exitcode(status))

    def end(self) -> None:
        """Kill the runs that are still alive."""
        for pid in self._alive:
            os.kill(pid, signal.SIGKILL)

    def _say(self, **report: Any) -> None:  # noqa: ANN401 - what JSON can say
        os.write(self._report, (json.dumps(report) + "\n").encode())


def serve(endpoint: str) -> None:
    """Answer requests until there are no more to come."""
    forks = Forks(endpoint)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # which is for the runs
    signal.signal(signal.SIGCHLD, lambda *_: None)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    for module in pkgutil.iter_modules(cli.__path__):
        importlib.import_module(f"mlflow_ops.cli.{module.name}")
    for service in SERVICES:
        client(service, NO_REGION, endpoint)
    gc.freeze()
    selector = selectors.DefaultSelector()
    selector.register(0, selectors.EVENT_READ)
    selector.register(woken, selectors.EVENT_READ)
    rest = b""
    while True:
        for key, _ in selector.select():
            found = os.read(key.fd, 65_536)
            if key.fd == woken:
                forks.reap()
            elif not found:
                forks.end()
                return
            else:
                *lines, rest = (rest + found).split(b"\n")
                for line in lines:
                    forks.begin(json.loads(line))


if __name__ == "__main__":
    serve(sys.argv[1])
