"""A real host stops itself when nobody uses its server, and only then."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from machine.operator import UP
from mlflow_ops import wait
from mlflow_ops.errors import Refused
from mlflow_ops.lifetime import units
from mlflow_ops.reach.tracking import Tracking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow import MlflowClient

    from machine.operator import Operator

TELL = f"{units.BY_SYSTEMD} tell"
# Only until the next boot, which finds the real file again.
IDLE_FOR_A_SECOND = (
    f'sed \'s/"idle": [0-9]*/"idle": 1/\' {units.SETTINGS} > /run/idle.json && '
    f"mount --bind /run/idle.json {units.SETTINGS}"
)
LOOK = f"systemctl start --no-block {units.UNIT}"


@pytest.fixture(scope="module")
def limited(stack: Operator) -> Iterator[Operator]:
    """Give the stack limits for these tests."""
    made = stack(*UP, "--ttl", "8h", "--idle-stop", "2h")
    assert made.code == 0, made.err
    yield stack
    ended = stack(*UP, "--ttl", "off", "--idle-stop", "off")
    assert ended.code == 0, ended.err
    assert ended.document["lifetime"]["until"] is None
    left = f"ls {units.PROGRAM} {units.SETTINGS} {units.UNIT_FILE} {units.TIMER_FILE} 2>/dev/null"
    assert stack.machine.run(f"{left}; true") == ""


def told(stack: Operator) -> Any:  # noqa: ANN401 - one JSON document
    """Return what the watcher says."""
    return json.loads(stack.machine.run(TELL))


def quiet_after(stack: Operator, seconds: float) -> float:
    """Return for how long nobody has used the server, once that is so long or a minute is over."""
    wait.until("it to be quiet", lambda: told(stack)["quiet"] >= seconds, deadline=60, pause=0.2)
    return float(told(stack)["quiet"])


def stopped(stack: Operator) -> str:
    """Wait until the machine is off, and return what `status` says of the instance then."""
    wait.until("the machine to be off", stack.machine.is_over, deadline=60, pause=0.1)
    said = stack("status", "--json")
    assert (said.code, said.document["state"]) == (3, "stopped"), said.err
    [detail] = [s["detail"] for s in said.document["steps"] if s["step"] == "instance"]
    return str(detail)


def test_it_looks_each_minute_as_root_with_no_capability_and_says_nothing(
    limited: Operator,
) -> None:
    run = limited.machine.run
    assert run(
        f"systemctl is-enabled {units.TIMER}; systemctl is-active {units.TIMER}"
    ).split() == [
        "enabled",
        "active",
    ]
    run(f"systemctl start {units.UNIT}")
    assert run(f"systemctl show -p Result --value {units.UNIT}").strip() == "success"
    assert run(f"journalctl -q -u {units.UNIT} --no-pager") == ""
    assert run(f"stat -c %U:%a {units.PROGRAM} {units.SETTINGS}").split() == ["root:644"] * 2
    said = limited("status", "--json").document["lifetime"]
    assert 7.9 * 3600 < said["left_seconds"] <= 8 * 3600
    assert said["idle_stop_seconds"] == 7200


def test_requests_of_clients_count_and_probes_and_strangers_do_not(
    limited: Operator, client: MlflowClient
) -> None:
    before = quiet_after(limited, 2)
    known = limited.tracking()
    known.look()
    assert limited("status").code == 0
    with pytest.raises(Refused):
        Tracking(known.uri, ca=known.ca).artifact_root()  # without a login
    assert told(limited)["quiet"] > before
    client.search_experiments()
    wait.until("the request to count", lambda: told(limited)["quiet"] < before, deadline=60)


def test_who_works_on_the_host_over_ssh_keeps_it_up(limited: Operator) -> None:
    quiet_after(limited, 2)
    with limited.start("exec", "--", "sleep", "5") as working:
        wait.until("the work to count", lambda: told(limited)["quiet"] == 0, deadline=60)
        assert working.wait(30) == 0


def test_an_idle_host_stops_itself_and_starts_again_with_its_limits(limited: Operator) -> None:
    longer = limited("extend", "1h", "--json")
    assert 8.8 * 3600 < longer.document["left_seconds"] <= 9 * 3600, longer.err
    quiet_after(limited, 2)
    limited.machine.run(IDLE_FOR_A_SECOND)
    limited.machine.run(LOOK)
    assert "stopped by its own host" in stopped(limited)
    started = limited("start", "--json")
    assert started.code == 0, started.err
    assert started.document["state"] == "ready"
    known = started.document["lifetime"]
    assert known["idle_stop_seconds"] == 7200
    # The end of its time has not come by the clock on the wall: it stays.
    assert 8.5 * 3600 < known["left_seconds"] <= 9 * 3600
