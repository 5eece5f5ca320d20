"""A real MLflow server with its login app, as the stack's hosts run it."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlflow_ops.errors import NotReady
from mlflow_ops.reach.tracking import Tracking
from mlflow_ops.server import serving
from mlflow_ops.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_PASSWORD = "the-first-password"


@dataclass(frozen=True)
class Server:
    """A running server; `folder` is where it keeps its users, as `mlflow` on a host."""

    uri: str
    folder: Path

    def answers(self) -> bool:
        try:
            Tracking(self.uri, serving.ADMIN, FIRST_PASSWORD).look()
        except NotReady:
            return False
        return True


@pytest.fixture(scope="session")
def login_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve with the settings of our hosts; its admin's password is for tests to change."""
    home = tmp_path_factory.mktemp("login-server")
    folder = home / "mlflow"
    for inner in (".venv", "data"):
        (folder / inner).mkdir(parents=True)
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (folder / "auth.ini").write_text(serving.auth_ini(FIRST_PASSWORD))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    wish = serving.Serving("b", "127.0.0.1", port, ("127.0.0.1",), port, scheme="http")
    words = [*(word.replace("s3://b/artifacts", "./artifacts") for word in wish.command())]
    own = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    session = {"MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_hex()}
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            words,
            env=own | wish.environment() | session,
            stdout=log,
            stderr=log,
            cwd=folder / "data",
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", folder)
    try:
        until("MLflow", server.answers, deadline=90, pause=0.1, longest=0.3)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)
