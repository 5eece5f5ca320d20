"""A stack that stands on a real host: what the server withstands there."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from machine.operator import UP, Operator
from mlflow_ops import wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow import MlflowClient

CLIENTS, RUNS = 4, 200
UNIT = "mlflow-server"


@pytest.fixture
def neighbour(stack: Operator) -> Iterator[str]:
    """Run something else as the server's user; give its process id."""
    run = stack.machine.run
    run("systemd-run -q --uid ubuntu --working-directory /home --unit neighbour sleep 300")
    yield run("systemctl show -p MainPID --value neighbour").strip()
    run("systemctl stop neighbour")


def log_a_run(client: MlflowClient, number: int) -> str:
    """Log a run with a parameter, two metrics and an artifact."""
    run_id: str = client.create_run("0", run_name=f"load-{number}").info.run_id
    client.log_param(run_id, "number", number)
    client.log_metric(run_id, "loss", 1 / (1 + number))
    client.log_metric(run_id, "accuracy", number / RUNS)
    client.log_text(run_id, f"run {number}\n", "note.txt")
    client.set_terminated(run_id)
    return run_id


def test_up_train_status_check_work_and_a_second_up_changes_nothing(
    stack: Operator, wine_csv: str
) -> None:
    unit = stack.main_pid(UNIT)
    again = stack(*UP)
    assert (again.code, again.document["state"]) == (0, "ready"), again.err
    assert stack.main_pid(UNIT) == unit
    trained = stack("train", "--alpha", "0.6", "--data", wine_csv, "--json")
    assert trained.code == 0, trained.err
    assert trained.document["model"]["name"] == "ElasticnetWineModel"
    assert stack("status").code == 0
    assert stack("check").code == 0


def test_the_server_is_one_unit_of_an_unprivileged_user_that_can_gain_nothing(
    stack: Operator,
) -> None:
    run = stack.machine.run
    pid = stack.main_pid(UNIT)
    status = run(f"cat /proc/{pid}/status")
    assert run(f"ps -o user= -p {pid}").split() == ["ubuntu"]
    assert "NoNewPrivs:\t1" in status
    assert "CapBnd:\t0000000000000000" in status
    assert run("systemctl is-enabled mlflow-server").strip() == "enabled"
    assert run("stat -c %a /home/ubuntu/.aws/credentials").strip() == "600"


def test_from_inside_the_server_its_data_alone_can_be_written(stack: Operator) -> None:
    tries = (
        "cd; for f in /etc/x /usr/x .ssh/x .mlflow-ops/x x mlflow/x mlflow/.venv/x "
        "mlflow/data/x; do touch $f && echo $f; done 2>/dev/null; rm -f mlflow/data/x"
    )
    assert stack.inside(UNIT, tries).split() == ["mlflow/data/x"]


def test_from_inside_the_server_no_way_leads_to_what_is_the_operators(
    stack: Operator, neighbour: str
) -> None:
    secrets = (".mlflow-ops/ca.key", ".mlflow-ops/admin-password", ".ssh/authorized_keys")
    roots = ("", f"/proc/{neighbour}/root", f"/proc/{neighbour}/cwd/..")
    files = [f"{root}/home/ubuntu/{secret}" for root in roots for secret in secrets]
    tries = f"for f in {' '.join(files)}; do head -c 1 $f >&2 && echo $f; done 2>/dev/null; true"
    assert stack.machine.run(f"su ubuntu -c '{tries}'").split() == files
    assert stack.inside(UNIT, tries).split() == []


def test_from_inside_the_server_names_are_found_and_nobodys_service_is(stack: Operator) -> None:
    sockets = "/run/dbus/system_bus_socket /run/user/* /run/lxd-installer.socket /var/snap/lxd/*"
    tries = f"cat /etc/resolv.conf; getent hosts localhost; ls -d {sockets} 2>/dev/null; true"
    assert "/run/dbus" in stack.machine.run(tries)
    found = stack.inside(UNIT, tries)
    assert re.search("^nameserver .*(?s:.*) localhost", found, re.MULTILINE)
    assert not re.search("/run|/var", found.partition(" localhost")[2])


def test_the_server_finds_compiled_what_it_could_not_compile_itself(stack: Operator) -> None:
    packages = "/home/ubuntu/mlflow/.venv/lib/python3*/site-packages"
    for loaded in ("mlflow/cli", "mlflow/server/auth", "mlflow/server", "boto3"):
        stack.machine.run(f"ls {packages}/{loaded}/__pycache__/__init__.*.pyc")


def test_the_environment_is_pipenvs_for_whoever_logs_in(stack: Operator) -> None:
    login = "su - ubuntu -c 'cd mlflow && pipenv run mlflow --version'"
    assert "mlflow, version 3.17.2" in stack.machine.run(login, deadline=60)
    shell = "su - ubuntu -c \"cd mlflow && echo exit | script -qec 'pipenv shell' /dev/null\""
    assert "(mlflow) ubuntu@" in stack.machine.run(shell, deadline=60)


def test_two_hundred_runs_by_four_clients_fit_into_one_gibibyte(
    stack: Operator, client: MlflowClient, record_property: Callable[[str, object], None]
) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        made = list(pool.map(lambda number: log_a_run(client, number), range(RUNS)))
    assert len(set(made)) == RUNS
    held = client.search_runs(["0"], "attributes.run_name LIKE 'load-%'", max_results=1000)
    assert {run.info.run_id for run in held} == set(made)
    assert all(run.info.status == "FINISHED" for run in held)
    memory = stack.machine.memory
    assert memory.limit == 1 << 30
    assert memory.oom_kills() == 0
    record_property("peak_mib", memory.peak() >> 20)
    record_property("held_mib", memory.used() >> 20)


def test_a_killed_server_is_back_within_thirty_seconds(stack: Operator) -> None:
    before = stack.main_pid(UNIT)
    stack.machine.run(f"kill -9 {stack.main_pid(UNIT)}")
    wait.until("the server to fail", lambda: not stack.serves(), deadline=60, pause=0.05)
    wait.until("the server to be back", stack.serves, deadline=30)
    assert stack.main_pid(UNIT) != before


def test_a_rebooted_machine_is_ready_within_a_minute_with_all_runs(
    stack: Operator, client: MlflowClient
) -> None:
    run_id = log_a_run(client, 1)
    boot = "cat /proc/sys/kernel/random/boot_id; systemctl show -p UserspaceTimestamp --value"
    before = stack.machine.run(boot)
    stack.machine.reboot()
    wait.until("the server to go down", lambda: not stack.serves(), deadline=60, pause=0.05)
    wait.until("the stack to be back", lambda: stack("status").code == 0, deadline=60)
    assert stack.machine.run(boot) != before
    assert client.get_run(run_id).data.metrics["loss"] == 0.5
    assert stack("up", *UP[1:]).code == 0
