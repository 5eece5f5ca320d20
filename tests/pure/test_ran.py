"""How long a machine has run over all its starts, although AWS tells of the last one alone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from mlflow_ops.costs import ran
from mlflow_ops.costs.counted import AT_MOST
from mlflow_ops.costs.ran import AT_LEAST, Ran
from mlflow_ops.names import RAN_TAG, STOPS_TAG

BEGIN = datetime(2026, 11, 20, 10, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
NOW = BEGIN + 10 * HOUR


def described(state: str, launched: datetime = BEGIN, why: str = "", **tags: str) -> dict[str, Any]:
    """Return an instance as AWS describes it."""
    names = {"ran": RAN_TAG, "until": STOPS_TAG}
    return {
        "InstanceId": "i-1",
        "LaunchTime": launched,
        "State": {"Name": state},
        "StateTransitionReason": why,
        "Tags": [{"Key": names[name], "Value": value} for name, value in tags.items()],
    }


def stopped_at(moment: datetime) -> str:
    return f"User initiated ({moment:%Y-%m-%d %H:%M:%S} GMT)"


def test_a_running_machine_has_run_since_its_launch() -> None:
    assert ran.so_far(described("running"), NOW) == Ran(36_000)


def test_a_stopped_one_ran_until_it_was_stopped() -> None:
    found = described("stopped", why=stopped_at(BEGIN + 3 * HOUR))
    assert ran.so_far(found, NOW) == Ran(3 * 3600)


def test_each_start_adds_to_what_the_runs_before_came_to() -> None:
    first = described("stopped", why=stopped_at(BEGIN + 3 * HOUR))
    tag = ran.tag(first, NOW)
    second = described("running", BEGIN + 8 * HOUR, ran=tag)
    assert ran.so_far(second, NOW) == Ran(5 * 3600)
    again = described("stopped", BEGIN + 8 * HOUR, stopped_at(BEGIN + 9 * HOUR), ran=tag)
    assert ran.so_far(again, NOW) == Ran(4 * 3600)
    third = described("running", NOW, ran=ran.tag(again, NOW))
    assert ran.so_far(third, NOW + 2 * HOUR) == Ran(6 * 3600)


def test_a_start_that_failed_and_is_tried_again_counts_a_run_once() -> None:
    first = described("stopped", why=stopped_at(BEGIN + 3 * HOUR))
    tag = ran.tag(first, NOW)
    still = described("stopped", why=stopped_at(BEGIN + 3 * HOUR), ran=tag)
    assert ran.so_far(still, NOW) == Ran(3 * 3600)
    assert ran.tag(still, NOW + HOUR) == tag


def test_a_machine_that_powered_off_by_itself_ran_until_its_limit_at_most() -> None:
    until = (BEGIN + 8 * HOUR).isoformat()
    found = described("stopped", why="", until=until)
    assert ran.so_far(found, NOW) == Ran(8 * 3600, AT_MOST)
    assert ran.so_far(described("stopped"), NOW) == Ran(36_000, AT_MOST)
    later = described("running", NOW, ran=ran.tag(found, NOW))
    assert ran.so_far(later, NOW + HOUR) == Ran(9 * 3600, AT_MOST)


def test_its_host_tells_when_it_powered_off_and_from_then_on_that_counts() -> None:
    first = described("stopped", why=stopped_at(BEGIN + HOUR))
    again = described("stopped", BEGIN + 2 * HOUR, ran=ran.tag(first, NOW))
    running = described("running", NOW, ran=ran.tag(again, NOW))
    assert ran.so_far(running, NOW) == Ran(9 * 3600, AT_MOST)
    right = ran.right(running, (BEGIN + 5 * HOUR).timestamp())
    assert ran.so_far(described("running", NOW, ran=right), NOW) == Ran(4 * 3600)
    # Not at a moment when it did not run, nor twice, nor where it says nothing.
    for moment in (BEGIN + HOUR, NOW + HOUR):
        assert ran.right(running, moment.timestamp()) == ""
    assert ran.right(described("running", NOW, ran=right), NOW.timestamp()) == ""
    assert ran.right(running, None) == ""


@pytest.mark.parametrize("state", ["pending", "running"])
def test_a_limit_in_the_past_does_not_end_a_machine_that_runs(state: str) -> None:
    found = described(state, until=(BEGIN + HOUR).isoformat())
    assert ran.so_far(found, NOW) == Ran(36_000)


def test_runs_that_nobody_counted_are_said_to_be_missing() -> None:
    made = BEGIN - timedelta(days=3)
    assert ran.so_far(described("running"), NOW, made) == Ran(36_000, AT_LEAST)
    assert ran.so_far(described("running"), NOW, BEGIN + timedelta(seconds=2)) == Ran(36_000)


@pytest.mark.parametrize("tag", ["", "12", "nonsense x", "-5 2026-11-20T10:00:00+00:00", "7 2026"])
def test_a_tag_in_other_words_counts_for_nothing(tag: str) -> None:
    assert ran.so_far(described("running", ran=tag), NOW) == Ran(36_000)


def test_clocks_that_disagree_make_no_time_negative() -> None:
    assert ran.so_far(described("running", NOW + HOUR), NOW) == Ran(0)
