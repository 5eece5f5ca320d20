"""What any kind of machine has to keep, for a test on it to mean something on EC2."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from mlflow_ops import wait

from .launch import answering, answers, banner
from .shell import MachineFailed

if TYPE_CHECKING:
    from .kinds import Machine

GIB = 1 << 30
APT = "env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install"
PIP = f"apt-get -qq update && {APT} python3-pip"


@pytest.fixture
def booted(machine: Machine) -> Machine:
    """Return a machine whose first boot is over."""
    machine.boot("", "")
    answering(machine)
    machine.run("cloud-init status --wait", deadline=60)
    return machine


def hog(mebibytes: int) -> str:
    return f"python3 -c 'b\"x\" * ({mebibytes} << 20)'"


def test_systemd_runs_it_and_cloud_init_is_done_without_a_complaint(booted: Machine) -> None:
    assert booted.run("cat /proc/1/comm") == "systemd\n"
    assert booted.run("systemctl is-system-running --wait") == "running\n"
    assert booted.run("cloud-init status") == "status: done\n"


def test_it_has_one_gibibyte_and_no_swap(booted: Machine) -> None:
    assert booted.memory.limit == GIB
    booted.run(hog(700), deadline=60)
    assert booted.memory.oom_kills() == 0
    with pytest.raises(MachineFailed, match="Killed"):
        booted.run(hog(1200), deadline=60)
    assert booted.memory.oom_kills() == 1
    assert 700 << 20 < booted.memory.peak() <= GIB
    assert booted.memory.used() < 200 << 20


def test_services_share_the_limit(booted: Machine) -> None:
    with pytest.raises(MachineFailed):
        booted.run(f"systemd-run --wait --quiet {hog(1200)}", deadline=60)
    assert booted.memory.oom_kills() == 1


def test_apt_and_pip_install_in_it_but_not_when_it_is_cut_off(booted: Machine) -> None:
    booted.run(PIP, deadline=120)
    booted.run("pip -q download --no-deps --dest /tmp six", deadline=60)
    booted.cut_off()
    with pytest.raises(MachineFailed, match="No matching distribution"):
        booted.run("pip --retries 0 download --no-deps --dest /tmp idna", deadline=60)
    with pytest.raises(MachineFailed):
        booted.run(f"{APT} sl", deadline=60)
    booted.reconnect()
    booted.run("pip -q download --no-deps --dest /tmp idna", deadline=60)
    booted.run(f"{APT} sl", deadline=60)


def test_uv_installs_in_a_login_and_in_a_service(booted: Machine) -> None:
    booted.run(f"{PIP} && pip -q install --break-system-packages uv", deadline=120)
    booted.run("uv pip install --no-cache --target /tmp/login six", deadline=60)
    service = "uv pip install --no-cache --target /tmp/service six"
    booted.run(f"systemd-run --wait --quiet {service}", deadline=60)


def test_a_server_is_reached_on_its_public_side_only(booted: Machine) -> None:
    serve = "systemd-run --quiet python3 -m http.server --bind"
    booted.run(f"{serve} 127.0.0.1 5001; {serve} 0.0.0.0 5000")
    wait.until("the server", lambda: answers(booted.address, 5000), deadline=60)
    wait.until("the inner one", lambda: ":5001" in booted.run("ss -ltn"), deadline=60)
    assert not answers(booted.address, 5001)


def test_a_restart_from_inside_keeps_the_disk(booted: Machine) -> None:
    booted.run("touch /root/kept; systemctl stop ssh")
    with suppress(MachineFailed):  # the shell that asks may not live to see it
        booted.run("systemctl reboot")
    answering(booted)
    assert booted.run("ls /root") == "kept\n"


def test_a_pulled_plug_keeps_what_was_on_the_disk(booted: Machine) -> None:
    booted.run("touch /root/kept")
    booted.pull_plug()
    assert banner(booted.address) == ""
    booted.power_on()
    answering(booted)
    assert booted.run("ls /root") == "kept\n"


def test_another_boot_has_a_fresh_disk(booted: Machine) -> None:
    booted.run("touch /root/gone")
    booted.boot("", "")
    answering(booted)
    assert booted.run("ls /root") == ""
