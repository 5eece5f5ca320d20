"""What a stranger can do whom the firewall lets in: nothing without the login, all with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from machine import routes
from machine.stranger import Stranger, basic
from mlflow_ops.server import certificates

if TYPE_CHECKING:
    from pathlib import Path

    from machine.operator import Operator

# Public by MLflow's own design: that it is up, which features it has, and the page's scripts.
PUBLIC = ("/health", "/static-files/", "/api/3.0/mlflow/server-info")
DOORS = (
    ("GET", "/"),
    ("GET", "/api/2.0/mlflow/experiments/search?max_results=1"),
    ("POST", "/api/2.0/mlflow/experiments/search"),
    ("POST", "/ajax-api/2.0/mlflow/experiments/search"),
    ("GET", "/api/2.0/mlflow-artifacts/artifacts?path=."),
    ("PUT", "/api/2.0/mlflow-artifacts/artifacts/0/mine"),
    ("GET", "/get-artifact?path=note.txt&run_uuid=0"),
    ("GET", "/model-versions/get-artifact?path=note.txt&name=m&version=1"),
    ("POST", "/graphql"),
    ("POST", "/ajax-api/3.0/jobs/"),
    ("POST", "/gateway/openai/v1/chat/completions"),
    ("GET", "/ajax-api/3.0/mlflow/assistant/config"),
    ("GET", "/signup"),
    ("GET", "//api/2.0/mlflow/experiments/search?max_results=1"),
    ("GET", "/version"),
)
AROUND = (
    "/static-files/../api/2.0/mlflow/experiments/search?max_results=1",
    "/health/../api/2.0/mlflow/experiments/search?max_results=1",
    "/health%2f..%2fapi/2.0/mlflow/experiments/search?max_results=1",
    "/static-files/%2e%2e/%2e%2e/basic_auth.db",
    "/static-files/..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd",
)
LOG_A_RUN = """\
import mlflow
with mlflow.start_run(run_name="stranger") as run:
    mlflow.log_metric("loss", 0.5)
    mlflow.log_text("from afar", "note.txt")
print(mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/note.txt"))
"""
LOOK = """\
import mlflow
print([one.name for one in mlflow.search_experiments()])
"""
AT_ONCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}


def test_page_api_artifacts_and_graphql_answer_401_without_a_login(
    stranger: Stranger, ca: Path
) -> None:
    answers = dict(zip(DOORS, stranger.knock(DOORS, ca), strict=True))
    assert answers == dict.fromkeys(DOORS, 401)


def test_every_route_that_the_server_has_answers_401_without_a_login(
    stack: Operator, stranger: Stranger, ca: Path
) -> None:
    every = routes.of(stack.machine)
    assert {path.partition("?")[0] for _, path in DOORS[2:4]} <= {path for _, path in every}
    assert len(every) > 1000
    answers = zip(every, stranger.knock(every, ca), strict=True)
    open_ones = {path for (_, path), status in answers if status != 401}
    assert {p for p in open_ones if not p.replace("/ajax-", "/").startswith(PUBLIC)} == set()


def test_no_path_leads_around_the_login(stranger: Stranger, ca: Path) -> None:
    answers = stranger.knock([("GET", path) for path in AROUND], ca)
    assert set(answers) <= {401, 404}


def test_another_host_name_is_refused_even_with_the_login(
    stranger: Stranger, ca: Path, login: tuple[str, str]
) -> None:
    doors, right = DOORS[:2], basic(*login)
    assert stranger.knock(doors, ca, right) == [200, 200]
    assert stranger.knock(doors, ca, right | {"Host": "mlflow.attacker.example:5000"}) == [403, 403]


def test_another_sites_page_may_not_post(
    stranger: Stranger, ca: Path, login: tuple[str, str]
) -> None:
    post = [("POST", "/ajax-api/2.0/mlflow/experiments/search")]
    elsewhere = {"Origin": "https://attacker.example", "Content-Type": "application/json"}
    assert stranger.knock(post, ca, basic(*login) | elsewhere) == [403]


def test_plain_http_gets_no_answer(stranger: Stranger, login: tuple[str, str]) -> None:
    [answer] = stranger.knock([("GET", "/")], None, basic(*login))
    assert "without response" in str(answer)


@pytest.mark.parametrize(
    "wrong",
    [("admin", "password1234"), ("admin", "password"), ("admin", ""), ("", ""), ("root", "root")],
)
def test_no_password_that_anybody_knows_is_right(
    stranger: Stranger, ca: Path, wrong: tuple[str, str]
) -> None:
    assert stranger.knock(DOORS[:3], ca, basic(*wrong)) == [401, 401, 401]


def test_the_stock_client_logs_a_run_with_an_artifact(stack: Operator, stranger: Stranger) -> None:
    ran = stranger.python(LOG_A_RUN, stack.exports())
    assert ran.code == 0, ran.err
    assert "from afar" in ran.out.splitlines()


@pytest.mark.parametrize("ours", ["another CA", "no CA"])
def test_the_stock_client_sends_nothing_to_a_server_that_its_ca_does_not_prove(
    stack: Operator, stranger: Stranger, ours: str
) -> None:
    exports, seen = stack.exports() | AT_ONCE, "journalctl -u mlflow-server -o cat | grep -c search"
    del exports["MLFLOW_TRACKING_SERVER_CERT_PATH"]
    if ours == "another CA":
        other = stranger.home / "other.crt"
        other.write_text(certificates.authority("mlflow-ops-another")[1])
        exports["MLFLOW_TRACKING_SERVER_CERT_PATH"] = str(other)
    before = stack.machine.run(f"{seen} || true")
    ran = stranger.python(LOOK, exports)
    assert (ran.code, ran.out) == (1, "")
    assert "CERTIFICATE_VERIFY_FAILED" in ran.err
    assert stack.machine.run(f"{seen} || true") == before
