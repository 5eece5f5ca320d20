"""What lies beside the artifacts, like the backups, is out of reach through the server."""

from __future__ import annotations

import base64
import http.client
import json
import os
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from client.conftest import FIRST_PASSWORD

from mlflow_ops.backup import layout
from mlflow_ops.server import serving

if TYPE_CHECKING:
    from pathlib import Path

    from client.conftest import Server

API = "api/2.0/mlflow"
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
# The server of these tests has the bucket `b`.
PLACES = (
    f"s3://b/{layout.NAMED}/x",
    f"s3://b/{layout.ARTIFACTS}/../{layout.NAMED}/x",
    f"s3://b/{layout.ARTIFACTS}/..%2f{layout.NAMED}/x",
    f"s3://b/{layout.ARTIFACTS}-of-others/x",
    "s3://b",
    "S3://b",
    f"s3://bb/{layout.ARTIFACTS}/x",
    f"{layout.NAMED} s3://b/{layout.ARTIFACTS}/x",
    f"{layout.NAMED}\ns3://b/{layout.ARTIFACTS}/x",
    f"dummy-source/{layout.NAMED}",
    "mlflow-artifacts://elsewhere/x",
    f"file:{layout.NAMED}/x",
    "https://elsewhere/x",
    "gs://b/x",
    ".",
    "/",
)
REGISTER = """
import mlflow
from mlflow import MlflowClient
class Twice(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input: list[str]) -> list[str]:
        return model_input * 2
client = MlflowClient()
mlflow.set_experiment("models")
with mlflow.start_run() as run:
    mlflow.pyfunc.log_model(
        name="model", python_model=Twice(), registered_model_name="logged", pip_requirements=[]
    )
    mlflow.log_text("flavors: {}", "old/MLmodel")
made = mlflow.register_model(f"runs:/{run.info.run_id}/model", "by-its-run")
mlflow.register_model(f"runs:/{run.info.run_id}/old", "of-the-run")
client.copy_model_version(f"models:/by-its-run/{made.version}", "copied")
mlflow.genai.register_prompt(name="prompt", template="Hello {{name}}")
names = {found.name for found in client.search_registered_models()}
assert names >= {"logged", "by-its-run", "of-the-run", "copied"}, names
assert mlflow.pyfunc.load_model("models:/copied/1").predict(["a"]) == ["a", "a"]
assert mlflow.genai.load_prompt("prompts:/prompt/1").template == "Hello {{name}}"
"""


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


def request(server: Server, method: str, path: str, body: bytes) -> tuple[int, str]:
    """Return the answer to an admin, who may do most, on a path that no client tidies up."""
    pair = base64.b64encode(f"{serving.ADMIN}:{FIRST_PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
    with closing(
        http.client.HTTPConnection(server.uri.removeprefix("http://"), timeout=60)
    ) as line:
        line.request(method, f"/{path}", body, headers)
        answer = line.getresponse()
        return answer.status, answer.read().decode()


def ask(server: Server, method: str, way: str) -> str:
    """Return the answer to a request for an artifact."""
    return request(server, method, f"{PROXY}/{way}", b"mine")[1]


def post(server: Server, path: str, **fields: str) -> tuple[int, str]:
    """Return the answer to a request of MLflow's API."""
    return request(server, "POST", f"{API}/{path}", json.dumps(fields).encode())


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


@pytest.fixture
def model(login_server: Server) -> str:
    """Return the name of a registered model."""
    post(login_server, "registered-models/create", name="reader")
    return "reader"


@pytest.mark.parametrize("place", PLACES)
def test_no_place_but_the_artifacts_can_be_registered_as_a_model(
    login_server: Server, model: str, place: str
) -> None:
    status, said = post(login_server, "model-versions/create", name=model, source=place)
    assert (status, "Invalid model version source" in said) == (400, True), said


def test_the_artifacts_of_direct_stacks_can_be_registered(login_server: Server, model: str) -> None:
    source = f"s3://b/{layout.ARTIFACTS}/1/0123/artifacts/model"
    assert post(login_server, "model-versions/create", name=model, source=source)[0] == 200


@pytest.mark.parametrize("place", [*PLACES, f"s3://b/{layout.ARTIFACTS}/x"])
def test_no_experiment_has_its_artifacts_at_a_place_of_a_clients_choice(
    login_server: Server, place: str
) -> None:
    name = f"at {place}"
    status, said = post(login_server, "experiments/create", name=name, artifact_location=place)
    reasons = ("Invalid artifact path length", "'artifact_location' cannot use")
    assert (status, any(reason in said for reason in reasons)) == (400, True), said


NEWER_API, ROUTE = "api/3.0/mlflow", "workspaces"


def test_a_workspace_is_no_way_to_another_place(login_server: Server) -> None:
    place = f"s3://b/{layout.NAMED}"
    body = json.dumps({"name": "mine", "default_artifact_root": place}).encode()
    assert request(login_server, "POST", f"{NEWER_API}/{ROUTE}", body)[0] >= 400


def test_clients_register_models_and_prompts_in_every_way_they_have(
    login_server: Server, tmp_path: Path
) -> None:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    own |= {"MLFLOW_TRACKING_URI": login_server.uri, "MLFLOW_TRACKING_USERNAME": serving.ADMIN}
    own |= {"MLFLOW_TRACKING_PASSWORD": FIRST_PASSWORD, "MLFLOW_DISABLE_TELEMETRY": "true"}
    ended = subprocess.run(
        [sys.executable, "-c", REGISTER],
        env=own,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
