"""How a sandbox ends, well or badly."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from mlflow_ops import sandbox
from mlflow_ops.sandbox import processes
from mlflow_ops.settings import Settings
from mlflow_ops.wait import Clock, until
from sandbox.cloud import Cloud, is_alive, wait_until_gone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Cli


def post_stop(running: sandbox.Sandbox, token: str) -> int:
    line = http.client.HTTPConnection(running.endpoint.removeprefix("http://"), timeout=60)
    line.request("POST", "/mlflow-ops/sandbox/stop", headers={"Authorization": f"Bearer {token}"})
    status = line.getresponse().status
    line.close()
    return status


def start_sleeper(cloud: Cloud) -> psutil.Process:
    """Start a detached process on the host."""
    cloud.launch()
    cloud.run("setsid sh -c 'echo $$ > pid; exec sleep 600' </dev/null >/dev/null 2>&1 &")
    return psutil.Process(cloud.read_pid("pid"))


def test_stopping_leaves_nothing(cloud: Cloud) -> None:
    sleeper, folder = start_sleeper(cloud), cloud.sandbox.folder
    sandbox.stop(folder)
    assert not processes.is_alive(sleeper)
    assert not is_alive(cloud.sandbox.pid)
    assert not folder.exists()
    sandbox.stop(folder)


def test_a_stop_keeps_files_that_are_not_the_sandboxes_own(cloud: Cloud) -> None:
    (cloud.sandbox.folder / "notes").write_text("mine")
    sandbox.stop(cloud.sandbox.folder)
    assert [file.name for file in cloud.sandbox.folder.iterdir()] == ["notes"]


def test_a_polite_signal_ends_it_with_its_host_and_it_is_remembered(cloud: Cloud) -> None:
    sleeper = start_sleeper(cloud)
    os.kill(cloud.sandbox.pid, signal.SIGTERM)
    wait_until_gone(cloud.sandbox.pid)
    assert not processes.is_alive(sleeper)
    assert not cloud.home.exists()
    assert sandbox.remains(cloud.sandbox.folder)


def test_only_the_token_stops_it_over_http(cloud: Cloud) -> None:
    sleeper = start_sleeper(cloud)
    assert post_stop(cloud.sandbox, "guess") == 403
    assert sandbox.find(cloud.sandbox.folder)
    assert post_stop(cloud.sandbox, cloud.sandbox.token) == 202
    wait_until_gone(cloud.sandbox.pid)
    assert not processes.is_alive(sleeper)


def test_a_killed_sandbox_is_noticed_and_its_remains_are_cleaned(cloud: Cloud) -> None:
    sleeper, folder = start_sleeper(cloud), cloud.sandbox.folder
    os.kill(cloud.sandbox.pid, signal.SIGKILL)
    wait_until_gone(cloud.sandbox.pid)
    assert sandbox.find(folder) is None
    assert sandbox.remains(folder)
    assert processes.is_alive(sleeper)
    fresh = sandbox.start(folder)
    assert not processes.is_alive(sleeper)
    assert fresh.pid != cloud.sandbox.pid
    assert not cloud.home.exists()


def test_a_killed_sandbox_is_stopped_too(cloud: Cloud) -> None:
    sleeper, folder = start_sleeper(cloud), cloud.sandbox.folder
    os.kill(cloud.sandbox.pid, signal.SIGKILL)
    sandbox.stop(folder)
    assert not processes.is_alive(sleeper)
    assert not folder.exists()


def test_a_sandbox_that_hangs_is_ended(cloud: Cloud) -> None:
    hurried = Clock(lambda: time.monotonic() * 50, lambda seconds: time.sleep(seconds / 50))
    os.kill(cloud.sandbox.pid, signal.SIGSTOP)
    sandbox.stop(cloud.sandbox.folder, hurried)
    assert not is_alive(cloud.sandbox.pid)


def test_a_stranger_with_the_sandboxes_old_number_is_left_alone(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        folder.mkdir()
        told = {"folder": str(folder), "pid": stranger.pid, "endpoint": "http://127.0.0.1:9"}
        known = {**told, "ssh_port": 9, "server_port": 9, "token": "old"}
        (folder / "sandbox.json").write_text(json.dumps(known))
        assert sandbox.remains(folder)
        sandbox.stop(folder)
        assert stranger.poll() is None
        stranger.kill()


@pytest.fixture
def own() -> Iterator[Settings]:
    """Return what the command line makes of --sandbox; no sandbox of it is left afterwards."""
    settings = Settings(sandbox=True)
    yield settings
    sandbox.stop(settings.sandbox_folder)


def test_a_start_that_was_killed_midway_is_ended_by_down(cli: Cli, own: Settings) -> None:
    folder = own.sandbox_folder
    command = [sys.executable, "-m", "mlflow_ops", "up", "--sandbox", "--yes"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as up:
        starting = until(
            "its process", lambda: processes.of_folder(folder), deadline=60, pause=0.02
        )
        up.kill()
    assert sandbox.remains(folder)
    assert cli("down", "--sandbox", "--yes").code == 0
    assert not [process for process in starting if processes.is_alive(process)]
    assert not processes.of_folder(folder)
    assert not own.home.exists()


def test_a_start_that_was_killed_at_once_leaves_no_folder(cli: Cli, own: Settings) -> None:
    own.sandbox_folder.mkdir(parents=True)
    assert cli("down", "--sandbox", "--yes").code == 0
    assert not own.home.exists()
