"""A server on this machine through the command line, from `up --local` to `down --local`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from conftest import Ran

from mlflow_ops import lease
from mlflow_ops.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import Cli

    Local = Callable[..., Ran]


@pytest.fixture
def local(capsys: pytest.CaptureFixture[str]) -> Iterator[Local]:
    """Run commands in this process on a server that is gone after the test."""

    def run(command: str, *words: str) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([command, "--local", *words])
        return Ran(int(ended.value.code or 0), *capsys.readouterr())

    try:
        yield run
    finally:
        run("down", "--yes")


def document(ran: Ran) -> Any:  # noqa: ANN401 - one JSON document
    """Return what stands on stdout, which must be one JSON document and nothing else."""
    return json.loads(ran.out)


def test_the_whole_life_of_a_server_on_this_machine(local: Local, cli: Cli) -> None:
    home = Path(os.environ["MLFLOW_OPS_HOME"])
    assert document(local("up", "--dry-run", "--json"))["plan"][0]["action"] == "start"
    assert not home.exists()  # nobody has made anything yet

    made = local("up")
    assert made.code == 0, made.err
    uri = document(local("status", "--json"))["tracking_uri"]
    assert uri.startswith("http://127.0.0.1:50")
    assert uri in made.out
    assert document(local("up", "--json"))["tracking_uri"] == uri  # changes nothing
    checked = cli("check", "--json", MLFLOW_OPS_LOCAL="1")
    assert checked.code == 0, checked.err
    assert document(checked)["run_url"].startswith(uri)
    [logged_by_check] = document(local("runs", "--json"))["runs"]
    assert logged_by_check["user"] == lease.user()
    seen = cli("run", "--local", "--", "sh", "-c", "echo $MLFLOW_TRACKING_URI; exit 7")
    assert (seen.code, seen.out.strip()) == (7, uri)
    assert f"export MLFLOW_TRACKING_URI={uri};" in local("env", "--shell", "bash").out
    assert document(local("open", "--no-browser", "--json"))["uri"] == uri

    logged = document(local("logs", "-n", "3", "--json"))["lines"]
    assert len(logged) == 3
    assert local("logs", "-n", "3").out.splitlines() == logged

    assert local("stop").code == 0
    stopped = local("status", "--json")
    assert (stopped.code, document(stopped)["state"]) == (3, "stopped")
    assert document(stopped)["steps"][1]["detail"].startswith("1 run, 0 registered models ")
    silent = local("check")
    assert (silent.code, "`mlflow-ops start --local`" in silent.err) == (3, True)

    asked = local("down")
    assert (asked.code, "--yes" in asked.err) == (2, True)
    assert "and with it 1 run, 0 registered models" in asked.out
    gone = document(local("down", "--yes", "--json"))
    assert (gone["destroyed"], gone["left"]) == ([str(home / "local" / "mlflow")], [])
    assert not home.exists()


def test_where_there_is_none_each_command_says_so(local: Local) -> None:
    for command in ("start", "stop", "check", "env", "open", "logs"):
        ran = local(command)
        assert ran.code == 3
        assert "There is no server 'mlflow' on this machine: `mlflow-ops up --local`" in ran.err
    assert document(local("status", "--json"))["state"] == "absent"
    assert local("down", "--yes").code == 0


def test_down_tells_what_it_has_left_alone(local: Local) -> None:
    folder = Path(os.environ["MLFLOW_OPS_HOME"]) / "local" / "mlflow"
    folder.mkdir(parents=True)
    (folder / "server.log").write_text("")
    (folder / "notes.txt").write_text("mine")
    ran = local("down", "--yes", "--json")
    assert ran.code == 3
    [left] = document(ran)["left"]
    assert left["id"] == str(folder)
    assert (folder / "notes.txt").exists()


def test_logs_follow_until_ctrl_c() -> None:
    log = Path(os.environ["MLFLOW_OPS_HOME"]) / "local" / "mlflow" / "server.log"
    log.parent.mkdir(parents=True)
    log.write_text("one\ntwo\n")
    words = [str(Path(sys.executable).with_name("mlflow-ops")), "logs", "--local", "-f", "-n", "1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as follows:
        assert follows.stdout
        assert follows.stdout.readline() == "two\n"
        with log.open("a") as more:
            more.write("three\n")
        assert follows.stdout.readline() == "three\n"
        follows.send_signal(signal.SIGINT)
    assert follows.returncode == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("backup",), "`backup` has no meaning with --local"),
        (("user", "list"), "`user` has no meaning with --local"),
        (("up", "--tls"), "--tls has no meaning with --local"),
        (("logs", "--since", "2h"), "--since has no meaning with --local"),
        (("down", "--keep-data"), "--keep-data has no meaning with --local"),
    ],
)
def test_what_means_nothing_without_a_cloud_says_so(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--local", "--json"])
    assert ended.value.code == 2
    assert said in json.loads(capsys.readouterr().out)["error"]
