"""How the host runs what it is sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncssh
import psutil

from mlflow_ops.wait import until
from sandbox.cloud import is_alive, wait_until_gone

if TYPE_CHECKING:
    from sandbox.cloud import Cloud

MEGABYTE = 1024 * 1024


def test_input_output_errors_and_exit_status_come_through(common: Cloud) -> None:
    command = "cat; echo wrong >&2; exit 7"
    assert common.run(command, b"from here\n") == (7, "from here\n", "wrong\n")


def test_a_large_stream_comes_back_whole(common: Cloud) -> None:
    status, counted, _ = common.run("tee copy | wc -c; cmp copy copy", b"x" * 8 * MEGABYTE)
    assert (status, int(counted)) == (0, 8 * MEGABYTE)
    status, printed, _ = common.run("cat copy; rm copy")
    assert (status, len(printed)) == (0, 8 * MEGABYTE)


def test_output_arrives_while_the_command_runs(common: Cloud) -> None:
    with common.ssh() as client:
        _, out, _ = client.exec_command("echo first; read never", timeout=60)
        assert out.readline() == "first\n"


def test_a_command_that_dies_of_a_signal_has_no_exit_status(common: Cloud) -> None:
    assert common.run("kill -KILL $$")[0] == -1


def test_two_commands_run_at_once_over_one_connection(common: Cloud) -> None:
    with common.ssh() as client:
        _, reading, _ = client.exec_command("mkfifo pipe; cat pipe; rm pipe", timeout=60)
        _, writing, _ = client.exec_command(
            "until [ -p pipe ]; do sleep 0.02; done; echo hi > pipe", timeout=60
        )
        assert writing.channel.recv_exit_status() == 0
        assert reading.read() == b"hi\n"


def test_a_shell_with_a_terminal_works_too(common: Cloud) -> None:
    with common.ssh() as client:
        shell = client.invoke_shell()
        shell.settimeout(60)
        shell.sendall(b"tty && echo $((40 + 2)) && exit 3\n")
        seen = b""
        while piece := shell.recv(1024):
            seen += piece
        assert b"/dev/" in seen
        assert b"\r\n42\r\n" in seen


def test_the_environment_is_ours_alone(common: Cloud) -> None:
    names = {line.split("=")[0] for line in common.run("env")[1].splitlines()}
    made_by_the_shell = {"PWD", "OLDPWD", "SHLVL", "_"}
    allowed = {
        "AWS_EC2_METADATA_SERVICE_ENDPOINT",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "MLFLOW_OPS_PYTHON",  # what its environments are made with
        "PATH",
        "TMPDIR",
        "TZ",
    }
    assert names - made_by_the_shell <= allowed
    assert common.run("echo $HOME; pwd; umask")[1].split() == [str(common.home)] * 2 + ["0022"]


def test_a_command_ends_with_its_connection(cloud: Cloud) -> None:
    cloud.launch()
    with cloud.ssh() as client:
        client.exec_command("sh -c 'echo $$ > inner; sleep 600' & echo $$ > outer; wait")
        pids = [cloud.read_pid(name) for name in ("inner", "outer")]
    for pid in pids:
        wait_until_gone(pid)


def test_a_detached_process_survives_the_session_but_not_termination(cloud: Cloud) -> None:
    instance = cloud.launch()
    cloud.run("setsid sh -c 'echo $$ > pid; exec sleep 600' </dev/null >/dev/null 2>&1 &")
    with cloud.ssh() as client:
        client.exec_command("echo $$ > nohup.pid; exec nohup sleep 600")
        hung_up = cloud.read_pid("nohup.pid")
    detached = cloud.read_pid("pid")
    assert cloud.run(f"kill -0 {detached} && kill -0 {hung_up}")[0] == 0
    cloud.terminate(instance)
    assert not is_alive(detached)
    assert not is_alive(hung_up)


def test_an_orphan_that_ends_leaves_no_zombie(common: Cloud) -> None:
    common.run("(setsid sh -c 'echo $$ > pid; exec sleep 0.2' </dev/null >/dev/null 2>&1 &)")
    pid = common.read_pid("pid")
    until(f"{pid} to be forgotten", lambda: not psutil.pid_exists(pid), deadline=60, pause=0.02)


def test_a_signal_reaches_the_command(common: Cloud) -> None:
    async def interrupt() -> int | None:
        async with asyncssh.connect(
            "127.0.0.1",
            common.sandbox.ssh_port,
            username="ubuntu",
            client_keys=[asyncssh.import_private_key(common.pem)],
            known_hosts=None,
            agent_path=None,
            config=None,
        ) as connection:
            process = await connection.create_process("trap 'exit 9' TERM; echo on; read never")
            await process.stdout.readline()
            process.terminate()
            return (await process.wait(timeout=60)).exit_status

    assert asyncio.run(interrupt()) == 9
