"""What lies beside the artifacts, like the backups, is out of reach through the server."""

from __future__ import annotations

import base64
import http.client
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from client.conftest import FIRST_PASSWORD

from mlflow_ops.backup import layout
from mlflow_ops.server import serving

if TYPE_CHECKING:
    from pathlib import Path

    from client.conftest import Server

PROXY = "api/2.0/mlflow-artifacts/artifacts"
SECRET = "hashes of passwords"
WAYS = (
    f"{layout.NAMED}/x",
    f"../{layout.NAMED}/x",
    f"..%2f{layout.NAMED}/x",
    f"%2e%2e/{layout.NAMED}/x",
    f"%252e%252e%252f{layout.NAMED}/x",
    f"0/../../{layout.NAMED}/x",
    f"0/..%5c..%5c{layout.NAMED}/x",
    f"/{layout.NAMED}/x",
    f"file:../{layout.NAMED}/x",
)


@pytest.fixture
def beside(login_server: Server) -> Path:
    """Put a file where the backups lie, as seen from the artifacts."""
    data = login_server.folder / "data"
    file = data / layout.NAMED / "x"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(SECRET)
    inside = data / layout.ARTIFACTS / "0" / "note"
    inside.parent.mkdir(parents=True, exist_ok=True)
    inside.write_text("a note")
    return file


def ask(server: Server, method: str, way: str) -> str:
    """Return the answer to an admin, who may do most, on a path that no client tidies up."""
    pair = base64.b64encode(f"{serving.ADMIN}:{FIRST_PASSWORD}".encode()).decode()
    with closing(
        http.client.HTTPConnection(server.uri.removeprefix("http://"), timeout=10)
    ) as line:
        line.request(method, f"/{PROXY}/{way}", b"mine", {"Authorization": f"Basic {pair}"})
        return line.getresponse().read().decode()


def test_an_artifact_can_be_read_by_its_path(login_server: Server, beside: Path) -> None:
    assert beside.exists()
    assert ask(login_server, "GET", "0/note") == "a note"


@pytest.mark.parametrize("way", WAYS)
def test_no_path_leads_from_the_artifacts_to_the_backups(
    login_server: Server, beside: Path, way: str
) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert SECRET not in ask(login_server, method, way)
    assert beside.read_text() == SECRET
