"""A server that is not there is found out at once, and said in one sentence."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler
from typing import Any, TypeAlias

import pytest

from trainer import server
from trainer.errors import ServerUnreachable

Listening: TypeAlias = Callable[[type[BaseHTTPRequestHandler]], AbstractContextManager[int]]


@pytest.fixture
def address(listening: Listening) -> Iterator[str]:
    """Answer /200/health with 200, /503/health with 503, and /hangs/health never."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, status, path = self.path.split("/")
            if status == "hangs":
                over.wait()
                return
            self.send_response(int(status) if path == "health" else 500)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401 - the library's
            del format, args

    with listening(Handler) as port:
        yield f"http://127.0.0.1:{port}"
        over.set()


@pytest.mark.parametrize("path", ["200", "401/", "404"])
def test_a_server_that_answers_will_do_whatever_it_says(address: str, path: str) -> None:
    server.look(f"{address}/{path}")


@pytest.mark.parametrize(
    "store", ["", "mlruns", "/somewhere/mlruns", "sqlite:///x.db", "databricks"]
)
def test_a_store_without_a_server_needs_no_look(store: str) -> None:
    server.look(store)


def test_a_server_that_is_broken_is_said(address: str) -> None:
    with pytest.raises(ServerUnreachable, match="it answers with HTTP status 503"):
        server.look(f"{address}/503")


def test_a_server_that_stalls_meets_its_deadline(address: str) -> None:
    with pytest.raises(ServerUnreachable, match="no answer in time"):
        server.look(f"{address}/hangs", seconds=0.2)


@pytest.mark.parametrize("url", ["http://", "http://[bad", "http://127.0.0.1:99999", "https://.."])
def test_an_address_that_is_none_is_said(url: str) -> None:
    with pytest.raises(ServerUnreachable, match="No MLflow server can be reached at http"):
        server.look(url)


def test_nobody_at_the_address_is_said_with_no_secret_in_it(closed_port: int) -> None:
    with pytest.raises(ServerUnreachable) as caught:
        server.look(f"http://me:hunter2@127.0.0.1:{closed_port}")
    said = str(caught.value)
    assert f"reached at http://127.0.0.1:{closed_port}: Connection refused. Check" in said
    assert "hunter2" not in said


def test_a_certificate_that_does_not_exist_is_said(
    closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", "gone.pem")
    with pytest.raises(ServerUnreachable, match=r"gone.pem"):
        server.look(f"https://127.0.0.1:{closed_port}")
