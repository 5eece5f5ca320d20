"""What the continuous backup costs: runs logged per second with and without it, in one run.

    python benchmarks/backup.py [CLIENTS]

Three sandbox stacks on this machine, each with the server that `up` starts. Two have no Litestream:
the database of one is as MLflow makes it, and that of the other has the write-ahead log that
Litestream switches on. Batches of runs go to each by turns, so that whatever else the machine does
meets all. Here the emulated S3 and Litestream share the machine with everything else; on AWS,
Litestream alone shares the server's.
"""

from __future__ import annotations

import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import requests

from mlflow_ops import target, walk
from mlflow_ops.backup import layout, streams, units
from mlflow_ops.commands import ENVIRONMENT
from mlflow_ops.reach import reaching
from mlflow_ops.server import keeping_up, serving
from mlflow_ops.settings import Settings
from mlflow_ops.stack import Stack
from mlflow_ops.steps import STEPS

if TYPE_CHECKING:
    from mlflow_ops.reach.tracking import Tracking

OPS = str(Path(sys.executable).with_name("mlflow-ops"))
BATCH, ROUNDS = 40, 8
API = "api/2.0/mlflow/runs"
# What is measured, and the journal that its databases have; None for what Litestream makes of them.
JOURNALS = {"with the backup": None, "without": "DELETE", "without, in WAL": "WAL"}
TAKE_AWAY = f"""\
import sqlite3, sys
for name in {list(layout.DATABASES)}:
    held = sqlite3.connect("{serving.DATA}/" + name, isolation_level=None)
    for table in ("_litestream_seq", "_litestream_lock"):
        held.execute("DROP TABLE IF EXISTS " + table)
    held.execute("PRAGMA journal_mode = " + sys.argv[1])
"""


@dataclass(frozen=True)
class Server:
    """One stack's server, and its admin."""

    stack: Stack
    tracking: Tracking

    def log(self, runs: int, clients: int) -> float:
        """Log runs, each of seven calls, from so many clients; return how many a second."""
        with ThreadPoolExecutor(clients) as pool:
            start = time.monotonic()
            list(pool.map(self._share, [runs // clients] * clients))
            return runs // clients * clients / (time.monotonic() - start)

    def _share(self, runs: int) -> None:
        with requests.Session() as session:
            session.auth = (self.tracking.username, self.tracking.password)
            session.verify = str(self.tracking.ca)
            session.trust_env = False
            for number in range(runs):
                self._run(session, number)

    def _run(self, session: requests.Session, number: int) -> None:
        def call(name: str, **words: object) -> dict[str, dict[str, dict[str, str]]]:
            answer = session.post(f"{self.tracking.uri}/{API}/{name}", json=words, timeout=60)
            answer.raise_for_status()
            found: dict[str, dict[str, dict[str, str]]] = answer.json()
            return found

        now = int(time.time() * 1000)
        made = call("create", experiment_id="0", start_time=now, run_name=f"run-{number}")
        run = made["run"]["info"]["run_id"]
        for name in ("alpha", "l1_ratio"):
            call("log-parameter", run_id=run, key=name, value="0.5")
        for name in ("rmse", "mae", "r2"):
            call("log-metric", run_id=run, key=name, value=number, timestamp=now)
        call("update", run_id=run, status="FINISHED", end_time=now)


def up(name: str) -> Stack:
    """Make a sandbox stack, and return it with all that is known of it."""
    subprocess.run([OPS, "up", "--sandbox", "--yes", "--name", name], check=True)
    settings = Settings(name=name, sandbox=True)
    stack, _ = walk.look(Stack.of(settings, target.reach(settings)), STEPS)
    return stack


def without_backup(stack: Stack, journal: str) -> None:
    """Take the backup away, and what it has left in the databases."""
    host = stack.host()
    host.run(keeping_up.stop())
    streams.pause(stack)
    host.run(f"{ENVIRONMENT}/bin/python -c {shlex.quote(TAKE_AWAY)} {journal}")
    host.run(keeping_up.start())
    deadline = time.monotonic() + 60
    while reaching.readiness(stack).state != "ready":
        if time.monotonic() > deadline:
            raise SystemExit("The server does not answer without its backup.")


def memory(stack: Stack) -> float:
    """Return how many MiB Litestream holds."""
    script = psutil.Process(int(stack.host().get(units.SCRIPT.pid_file)))
    sizes = [each.memory_full_info().pss for each in script.children(recursive=True)]
    return sum(sizes) / (1 << 20)


def servers(held: ExitStack) -> list[Server]:
    """Make the stacks, and return their servers."""
    made = []
    for number, journal in enumerate(JOURNALS.values()):
        stack = up(f"bench-{number}")
        held.callback(stack.hang_up)
        if journal:
            without_backup(stack, journal)
        made.append(Server(stack, held.enter_context(reaching.tracking(stack))))
    return made


def measured(clients: int) -> None:
    """Measure and print."""
    with ExitStack() as held:
        every = servers(held)
        for server in every:
            server.log(BATCH, clients)  # to warm it up
        rounds = [[each.log(BATCH, clients) for each in every] for _ in range(ROUNDS)]
    medians = [statistics.median(rates) for rates in zip(*rounds, strict=True)]
    print(f"| {clients} clients | {' | '.join(JOURNALS)} |")
    print("|---|---|---|---|")
    rates = " | ".join(f"{rate:.1f}" for rate in medians)
    print(f"| runs a second, median of {ROUNDS} batches of {BATCH} | {rates} |")
    ratios = [statistics.median(each[0] / each[other] for each in rounds) for other in (1, 2)]
    print(f"| the backup's against it | | {ratios[0]:.2f}× | {ratios[1]:.2f}× |")
    print(f"Litestream holds {memory(every[0].stack):.0f} MiB.")


def main() -> None:
    """Measure, and leave nothing behind."""
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"MLFLOW_OPS_HOME": home, "HOME": home}
        try:
            measured(int(sys.argv[1]) if len(sys.argv) > 1 else 4)
        finally:
            for number in range(len(JOURNALS)):
                words = ["down", "--sandbox", "--yes", "--name", f"bench-{number}"]
                subprocess.run([OPS, *words], check=False)


if __name__ == "__main__":
    main()
