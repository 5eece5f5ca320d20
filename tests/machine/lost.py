"""Clients that log runs until their server is gone, and remember what it acknowledged."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests

from mlflow_ops import wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.reach.tracking import Tracking

API = "api/2.0/mlflow"
# For one answer; a machine without power gives none at all.
DEADLINE = 5.0


@dataclass(frozen=True)
class Run:
    """A run whose every call was answered: the last of them at `at`, seconds of a steady clock."""

    id: str
    number: int
    at: float

    @property
    def note(self) -> str:
        """Its artifact."""
        return f"run {self.number} of {self.id}\n"

    @property
    def metrics(self) -> dict[str, float]:
        """Its metrics."""
        return {"loss": 1 / (1 + self.number), "accuracy": self.number / 1000}


@dataclass
class Load:
    """Clients at work, and the runs that the server has acknowledged so far."""

    tracking: Tracking
    clients: int
    runs: int
    acknowledged: list[Run] = field(default_factory=list)
    _numbers: Iterator[int] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._numbers = iter(range(self.runs))

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Let the clients log while the context lasts."""
        with ThreadPoolExecutor(self.clients) as pool:
            for _ in range(self.clients):
                pool.submit(self._work)
            try:
                yield
            finally:
                self._over.set()

    def wait_for(self, runs: int) -> None:
        """Wait until so many are acknowledged."""
        enough = lambda: len(self.acknowledged) >= runs  # noqa: E731
        wait.until(f"{runs} runs", enough, deadline=240, pause=0.01, longest=0.05)

    def _work(self) -> None:
        with requests.Session() as session, suppress(requests.RequestException):
            session.auth = (self.tracking.username, self.tracking.password)
            session.verify = str(self.tracking.ca)
            session.trust_env = False
            while not self._over.is_set() and (number := self._next()) is not None:
                self.acknowledged.append(self._logged(session, number))

    def _next(self) -> int | None:
        with self._lock:
            return next(self._numbers, None)

    def _logged(self, session: requests.Session, number: int) -> Run:
        """Log one run with a parameter, two metrics and an artifact."""
        made = self._ask(session, "runs/create", experiment_id="0", run_name=f"load-{number}")
        run = Run(made["run"]["info"]["run_id"], number, 0.0)
        metrics = [
            {"key": key, "value": value, "timestamp": 1, "step": 0}
            for key, value in run.metrics.items()
        ]
        params = [{"key": "number", "value": str(number)}]
        self._ask(session, "runs/log-batch", run_id=run.id, metrics=metrics, params=params)
        place = f"{API}-artifacts/artifacts/0/{run.id}/artifacts/note.txt"
        put = session.put(f"{self.tracking.uri}/{place}", data=run.note, timeout=DEADLINE)
        put.raise_for_status()
        self._ask(session, "runs/update", run_id=run.id, status="FINISHED")
        return Run(run.id, number, time.monotonic())

    def _ask(self, session: requests.Session, path: str, **question: object) -> dict[str, Any]:
        url = f"{self.tracking.uri}/{API}/{path}"
        answer = session.post(url, json=question, timeout=DEADLINE)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
