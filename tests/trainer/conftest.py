"""Real parts for the trainer's tests: an MLflow server, a web server, a store, the command line."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TypeAlias

import pytest
import requests

import trainer

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "winequality-red.csv"
Listening: TypeAlias = Callable[[type[BaseHTTPRequestHandler]], AbstractContextManager[int]]

NOT_OURS = ("MLFLOW_", "AWS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's settings, caches and stores out of reach."""
    for name in os.environ:
        if name.upper().startswith(NOT_OURS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def red_wines() -> Path:
    """Give the published data set, which is not ours to ship."""
    if not SHARED.exists():
        pytest.skip("the published data set lies not beside this repository")
    return SHARED


@pytest.fixture
def wines() -> trainer.data.WineData:
    return trainer.data.load("sample")


@pytest.fixture
def csv(wines: trainer.data.WineData) -> bytes:
    """Give a small file that is in order: 40 rows."""
    text: str = wines.frame.head(40).to_csv(sep=";", index=False)
    return text.encode()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """Hold a port, so that nobody else listens on it, and do not listen either."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def command() -> list[str]:
    return [sys.executable, "-m", "trainer"]


@pytest.fixture
def cli(command: list[str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a user does."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *arguments],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run a real MLflow server with a store of its own."""
    home = tmp_path_factory.mktemp("mlflow-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = (
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{home}/mlflow.db"),
        *("--artifacts-destination", str(home / "artifacts")),
    )
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)},
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=log, stderr=log, cwd=home, start_new_session=True
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/health", process, home / "log")
        yield url
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(url, timeout=60).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    pytest.fail(f"no MLflow server at {url}:\n{log.read_text()}")


@pytest.fixture
def listening() -> Listening:
    """Serve with this handler on a port of its own, for as long as the block lasts."""
    return _listening


@contextmanager
def _listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Say nothing: a client that was told to leave closes its connection."""

    with Quiet(("127.0.0.1", 0), handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield listening.server_address[1]
        listening.shutdown()
        thread.join()
