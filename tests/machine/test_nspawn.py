"""The nspawn kind leaves nothing behind, not even when the test run is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from mlflow_ops import wait

from . import image, nspawn, slots, tools
from .launch import answering, answers
from .shell import ENVIRONMENT

ROOT = Path(__file__).parents[2]
# Each test's own, so that the machine it leaves behind is swept by nobody else.
HALTED, DEAD = 200, 201
KILLED = f"""
import os, signal
from tests.machine import nspawn
from tests.machine.launch import answering
with nspawn.machine(({DEAD},)) as machine:
    machine.boot("", "")
    answering(machine)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def _can_run() -> None:
    if reason := tools.available():
        pytest.skip(reason)


def remains(number: int) -> list[str]:
    """Return what there is of a slot's machine: groups, interface, mounts, disk, processes."""
    slot = slots.Slot(number)
    places = [*slot.group.trees, slot.disk, *slot.wire().places]
    found = [str(path) for path in places if path.exists()]
    return found + [f"process {pid}" for pid in slot.group.pids()]


def held(number: int) -> list[str]:
    """Return what there is of a slot while somebody has it: its file system."""
    slot = slots.Slot(number)
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    places = [str(path) for path in (slot.place, slot.file) if path.exists()]
    return places + [line for line in mounts if f" {slot.place}" in line]


def runs(number: int) -> bool:
    return any(found.startswith("process") for found in remains(number))


def test_a_halted_machine_leaves_nothing() -> None:
    with nspawn.machine((HALTED,)) as machine:
        machine.boot("", "")
        answering(machine)
        assert runs(HALTED)
        machine.halt()
        assert remains(HALTED) == []
    assert held(HALTED) == []


def test_a_killed_run_is_swept_up_by_the_next() -> None:
    environment = ENVIRONMENT | {"MLFLOW_OPS_TEST_REBUILD": ""}
    command = [sys.executable, "-c", KILLED]
    died = subprocess.run(command, cwd=ROOT, env=environment, check=False)
    assert died.returncode == -signal.SIGKILL
    assert runs(DEAD)
    with slots.taken((DEAD,)):
        assert remains(DEAD) == []
    assert held(DEAD) == []


def test_two_machines_serve_the_same_port_side_by_side() -> None:
    with nspawn.machine() as one, nspawn.machine() as other:
        for machine in (one, other):
            machine.boot("", "")
        for machine in (one, other):
            answering(machine)
            machine.run("systemd-run --quiet python3 -m http.server 5000")
        for machine in (one, other):
            wait.until("its server", partial(answers, machine.address, 5000), deadline=60)
        one.halt()
        assert not answers(one.address, 5000)
        assert answers(other.address, 5000)


def test_the_root_is_built_once() -> None:
    tools.install()
    root = image.root()
    built = root.stat().st_ctime_ns
    assert (image.root(), root.stat().st_ctime_ns) == (root, built)
