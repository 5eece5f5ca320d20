"""A stack without an open port, as its clients and the team have it: `env`, `open`, `user`."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from journey.conftest import document
from journey.test_sandbox import processes_of

from mlflow_ops.wait import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Cli, Ran

STOCK = """
import mlflow, sys
with mlflow.start_run():
    mlflow.log_metric("a", 1)
    mlflow.log_text("hello", "a.txt")
print("LOGGED")
"""
SEARCH = "/ajax-api/2.0/mlflow/experiments/search"


@pytest.fixture
def mine(
    sandboxed: Cli,  # noqa: ARG001 - it cleans up
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> Cli:
    """Run commands on the sandbox, which the environment chooses."""
    monkeypatch.setenv("MLFLOW_OPS_SANDBOX", "1")
    return cli


def test_clients_of_a_stack_that_has_no_open_port(mine: Cli, tmp_path: Path) -> None:
    """One sandbox serves for all: making it takes most of the time."""
    made = mine("up", "--yes", "--json", "--access", "tunnel")
    assert made.code == 0, made.err
    folder = next(Path(os.environ["MLFLOW_OPS_HOME"]).rglob("id_ed25519")).parent
    first = env_holds_a_tunnel_that_eval_does_not_wait_for(mine, folder)
    teammates_come_and_go(mine, first, tmp_path)
    the_page_opens_with_no_certificate_and_no_login_of_ours()
    a_password_that_somebody_changed_is_set_anew(mine, folder)
    tunnel = note(folder)
    closed = mine("env", "--close")
    assert (closed.code, closed.out, closed.err) == (0, "", "The tunnel is closed.\n")
    until("its process's end", tunnel.has_ended, deadline=60, pause=0.05)
    again = exports()
    assert again["MLFLOW_TRACKING_URI"] == first["MLFLOW_TRACKING_URI"]
    tunnel = note(folder)
    assert mine("down", "--yes").code == 0
    until("its process's end", tunnel.has_ended, deadline=60, pause=0.05)
    assert not Path(os.environ["MLFLOW_OPS_HOME"]).exists()
    assert processes_of(tmp_path) == []


@dataclass
class Tunnel:
    pid: int
    port: int

    def has_ended(self) -> bool:
        return not psutil.pid_exists(self.pid)


def note(folder: Path) -> Tunnel:
    found = json.loads((folder / "tunnel").read_text())
    return Tunnel(found["pid"], found["port"])


def exports() -> dict[str, str]:
    """Return what a real shell has in its environment after `eval "$(mlflow-ops env)"`."""
    program = Path(sys.executable).with_name("mlflow-ops")
    script = f'eval "$({program} env)" && env -0'
    words = [shutil.which("bash") or "sh", "-c", script]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    assert ended.stderr == ""
    return dict(pair.split("=", 1) for pair in ended.stdout.split("\0") if "=" in pair)


def env_holds_a_tunnel_that_eval_does_not_wait_for(mine: Cli, folder: Path) -> dict[str, str]:
    found = exports()
    tunnel = note(folder)
    assert found["MLFLOW_TRACKING_URI"] == f"https://127.0.0.1:{tunnel.port}"
    assert found["MLFLOW_TRACKING_SERVER_CERT_PATH"] == str(folder / "ca.crt")
    assert logged(found).stdout.endswith("LOGGED\n")
    assert exports()["MLFLOW_TRACKING_URI"] == found["MLFLOW_TRACKING_URI"]
    assert note(folder) == tunnel
    told = document(mine("env", "--json"))
    assert told["password_file"] == str(folder / "admin-password")
    assert Path(told["password_file"]).read_text() == found["MLFLOW_TRACKING_PASSWORD"]
    assert found["MLFLOW_TRACKING_PASSWORD"] not in json.dumps(told)
    assert found["MLFLOW_TRACKING_PASSWORD"] not in str(psutil.Process(tunnel.pid).environ())
    return found


def logged(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Let the stock client log a run with an artifact."""
    words = [sys.executable, "-W", "ignore", "-c", STOCK]
    ended = subprocess.run(
        words, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended


def teammates_come_and_go(mine: Cli, own: dict[str, str], tmp_path: Path) -> None:
    added = mine("user", "add", "maria")
    said = "The user maria may log in, to log runs with MLFLOW_EXPERIMENT_NAME=maria, say.\n"
    assert (added.code, added.err) == (0, said)
    password = added.out.strip()
    assert len(password) >= 20
    maria = {"MLFLOW_TRACKING_USERNAME": "maria", "MLFLOW_TRACKING_PASSWORD": password}
    assert logged(own | maria | {"MLFLOW_EXPERIMENT_NAME": "maria"}).stdout.endswith("LOGGED\n")
    refused = mine("user", "add", "bob", "--json")
    assert (refused.code, "--password-file" in refused.err) == (2, True)
    file = tmp_path / "bobs"
    bob = mine("user", "add", "bob", "--admin", "--json", "--password-file", str(file))
    assert document(bob) == {"user": "bob", "password_file": str(file)}
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text().strip() not in bob.out + bob.err
    taken = mine("user", "add", "eve", "--password-file", str(file))
    assert (taken.code, "is there already" in taken.err) == (2, True)
    typed = mine("user", "password", "bob", "--password-stdin", stdin="chosen by bob\n")
    assert (typed.code, typed.out) == (0, "")
    users = document(mine("user", "list", "--json"))["users"]
    assert [(user["name"], user["admin"]) for user in users] == [
        ("admin", True),
        ("bob", True),
        ("maria", False),
    ]
    assert mine("user", "remove", "maria").code == 0
    stays = mine("user", "remove", "admin")
    assert (stays.code, "'admin' stays" in stays.err) == (1, True)


def the_page_opens_with_no_certificate_and_no_login_of_ours() -> None:
    with opened() as told:
        assert told["way"] == "tunnel"
        assert told["uri"].startswith("http://127.0.0.1:")
        assert ask(told["uri"], "/") == 401
        password = Path(told["password_file"]).read_text()
        assert ask(told["uri"], "/", password) == 200
        # As the page's own scripts ask: from its own origin, which the server must take.
        assert ask(told["uri"], SEARCH, password, {"max_results": 1}) == 200
        assert ask(told["uri"], SEARCH, password, {"max_results": 1}, "http://evil.test") == 403


@contextmanager
def opened() -> Iterator[dict[str, str]]:
    """Run `open` until it would be ended by Ctrl-C; it must end well."""
    program = str(Path(sys.executable).with_name("mlflow-ops"))
    browser = Path("browser")
    browser.write_text('#!/bin/sh\necho "$1" > browsed\n')
    browser.chmod(0o700)
    with subprocess.Popen(
        [program, "open", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"BROWSER": f"{browser.absolute()} %s"},
    ) as process:
        assert process.stdout
        told = json.loads(process.stdout.readline())
        until("the browser", Path("browsed").exists, deadline=60, pause=0.05)
        yield told
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert Path("browsed").read_text().strip() == told["uri"]


def ask(
    uri: str,
    path: str,
    password: str = "",
    question: dict[str, int] | None = None,
    origin: str = "",
) -> int:
    """Return the status of a browser's request."""
    request = urllib.request.Request(uri + path)
    if password:
        login = base64.b64encode(f"admin:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
    if question:
        request.data = json.dumps(question).encode()
        request.add_header("Content-Type", "application/json")
        request.add_header("Origin", origin or uri)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def a_password_that_somebody_changed_is_set_anew(mine: Cli, folder: Path) -> None:
    held = folder / "admin-password"
    before = held.read_text()
    vault = next(Path(os.environ["MLFLOW_OPS_HOME"]).rglob(".mlflow-ops")) / "admin-password"
    for path in (held, vault):
        path.write_text("what-nobody-knows")
    told = mine("user", "list")
    assert (told.code, "`mlflow-ops user password admin --sandbox` sets a new one" in told.err) == (
        1,
        True,
    )
    changed = mine("user", "password", "admin", "--json")
    assert changed.code == 0, changed.err
    assert document(changed)["password_file"] == str(held)
    assert held.read_text() == vault.read_text() != before
    assert works(mine("user", "list"))


def works(ran: Ran) -> bool:
    assert ran.code == 0, ran.err
    return True
