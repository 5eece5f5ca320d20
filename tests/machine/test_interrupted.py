"""Installs that are cut short or hindered: the next `up` finishes, or says what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .operator import UP, Operator, working

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from . import kinds

# As unattended-upgrades does, which holds dpkg's lock while it works.
HOLD_LOCK = (
    "systemd-run --unit=holder python3 -c 'import fcntl, time; "
    'f = open("/var/lib/dpkg/lock-frontend", "w"); fcntl.lockf(f, fcntl.LOCK_EX); time.sleep(60)\''
)
FULL_DISK = (
    "cd /home/ubuntu && install -d -o ubuntu -g ubuntu mlflow && "
    "mount -t tmpfs -o size=48m tmpfs mlflow && chown ubuntu:ubuntu mlflow"
)


@pytest.fixture
def operator(machine_kind: kinds.Kind, tmp_path: Path) -> Iterator[Operator]:
    """Give an operator whose machine is off."""
    with working(machine_kind, tmp_path) as found:
        yield found


def finishes(operator: Operator) -> None:
    """See that the next `up` makes the stack whole, and that it works."""
    again = operator(*UP)
    assert again.code == 0, again.err
    assert again.document["state"] == "ready"
    assert operator("check").code == 0
    assert operator.machine.memory.oom_kills() == 0
    assert operator("down", "--yes").code == 0


@pytest.mark.parametrize(
    "sign", ["Unpacking python3-wheel", "Successfully created virtual environment"]
)
def test_a_reboot_in_the_middle_of_an_install_is_made_good_by_the_next_up(
    operator: Operator, sign: str
) -> None:
    with operator.start(*UP) as first:
        operator.printed(sign)
        operator.machine.reboot()
        _, said = first.communicate(timeout=120)
    assert first.returncode == 1
    assert said.count("Error: ") == 1
    assert "run the same command again" in said
    assert "Traceback" not in said
    finishes(operator)


def test_a_lock_that_another_apt_holds_for_a_minute_only_delays(operator: Operator) -> None:
    with operator.start(*UP) as process:
        operator.printed("$ ")
        operator.machine.run(HOLD_LOCK)
        out, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert '"state": "ready"' in out
    assert "No such unit" not in operator.machine.run("journalctl -u holder --no-pager")
    assert operator("down", "--yes").code == 0


def test_a_full_disk_is_said_in_one_sentence_and_made_good(operator: Operator) -> None:
    with operator.start(*UP) as process:
        operator.printed("$ ")
        operator.machine.run(FULL_DISK)
        _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "could not make the pipenv environment: its disk is full." in said
    assert "No space left on device" in said
    assert "Traceback" not in said
    operator.machine.run("umount /home/ubuntu/mlflow")
    finishes(operator)


def test_a_host_without_a_network_is_said_in_one_sentence_and_made_good(
    operator: Operator,
) -> None:
    with operator.start(*UP) as process:
        operator.printed("$ ")
        operator.machine.cut_off()
        _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "could not" in said
    assert "it has no network." in said
    assert "Traceback" not in said
    operator.machine.reconnect()
    finishes(operator)
