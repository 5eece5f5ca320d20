"""The continuous backup's settings, its units and the order of its commands, as text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import Any, cast

import pytest

from mlflow_ops.backup import layout, litestream, streams, units
from mlflow_ops.errors import HostFailed
from mlflow_ops.server import keeping_up, supervising

HOME = "/home/ubuntu"
OLD, NOW = "20261123T214253Z", datetime(2026, 11, 23, 22, 0, 0, tzinfo=timezone.utc)
STREAM = litestream.Stream(OLD, "b", "eu-central-1", HOME, access="AKIA1")


def settings(stream: litestream.Stream) -> Any:  # noqa: ANN401 - one JSON document
    """Return the settings without the remarks in front."""
    return json.loads(stream.settings().partition("{")[2].join(("{", "")))


@dataclass
class Host:
    """Remembers its files and the commands that it was given; dies at one of them."""

    files: dict[str, str] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    dies_at: int = 99

    def run(self, command: str, **_: object) -> str:
        self.ran.append(command)
        if len(self.ran) > self.dies_at:
            raise KeyboardInterrupt
        config, paused = units.CONFIG, litestream.PAUSED
        if command == litestream.PAUSE:
            self.files.pop(paused, None)
            if config in self.files:
                self.files[litestream.LAST] = self.files[config]
                self.files[paused] = self.files.pop(config)
        elif command.startswith(litestream.RESUME):
            self.files[config] = self.files.pop(paused)
        elif command.startswith(litestream.FORGET):
            self.files.pop(config, None)
            self.files.pop(paused, None)
        return ""

    ask = run

    def put(self, path: str, text: str) -> None:
        self.run(f"put {path}")
        self.files[path] = text

    def get(self, path: str) -> str:
        return self.files.get(path, "")


@dataclass
class Stack:
    """A stack with such a host, by AWS's clock."""

    on: Host
    now: datetime = NOW

    @property
    def aws(self) -> Any:  # noqa: ANN401 - a clock is all that it has
        clock = self.now

        class Aws:
            def now(self) -> datetime:
                return clock

        return Aws()

    def host(self) -> Host:
        return self.on


def standing(host: Host) -> Any:  # noqa: ANN401 - stands in for a Stack
    """Return a stack whose host backs up into the stream OLD."""
    host.files[units.CONFIG] = STREAM.settings()
    return cast("Any", Stack(host))


def stream_of(host: Host) -> str:
    """Return the stream that the host would write if it were started again now."""
    return streams.stamp_of(host.files.get(units.CONFIG, ""))


def test_each_database_goes_below_its_stream_and_nowhere_near_the_artifacts() -> None:
    replicas = {each["path"]: each["replica"] for each in settings(STREAM)["dbs"]}
    assert replicas == {
        f"{HOME}/mlflow/data/{name}": {
            "type": "s3",
            "bucket": "b",
            "path": f"backups/stream/{OLD}/{name}",
            "region": "eu-central-1",
        }
        for name in layout.DATABASES
    }


def test_an_emulator_is_reached_by_its_endpoint_and_by_paths() -> None:
    emulated = settings(replace(STREAM, endpoint="http://127.0.0.1:5"))["dbs"][0]["replica"]
    assert emulated["endpoint"] == "http://127.0.0.1:5"
    assert emulated["force-path-style"] is True


def test_it_keeps_the_last_hour_whole_and_a_day_of_hours() -> None:
    held = settings(STREAM)
    assert held["l0-retention"] == "1h"
    assert held["snapshot"] == {"interval": "1h", "retention": "24h"}
    # The default of 15 s would cost 5,760 lists a day.
    assert held["l0-retention-check-interval"] == "10m"


@pytest.mark.parametrize("word", ['x"y', "a: b", "a\nb", "$HOME", "#"])
def test_no_word_from_outside_becomes_a_setting(word: str) -> None:
    """Settings are JSON, and Litestream is told to put in no variables."""
    held = settings(replace(STREAM, home=f"/{word}", endpoint=word))
    assert held["dbs"][0]["path"].startswith(f"/{word}/")
    assert held.keys() == settings(STREAM).keys()
    assert "-no-expand-env" in units.script()
    assert "-no-expand-env" in units.units(HOME)[units.UNIT_FILE]


def test_another_key_on_the_host_makes_other_settings_for_a_running_backup_has_read_its_own() -> (
    None
):
    assert replace(STREAM, access="AKIA2").settings() != STREAM.settings()
    assert settings(replace(STREAM, access="AKIA2")) == settings(STREAM)


def test_the_units_may_gain_nothing_and_see_nothing_of_the_operators() -> None:
    texts = units.units(HOME)
    for file in (units.UNIT_FILE, units.DAILY_FILE):
        lines = texts[file].splitlines()
        assert {"User=ubuntu", "NoNewPrivileges=yes", "CapabilityBoundingSet="} <= set(lines)
        assert {"ProtectSystem=strict", "ProtectHome=read-only", "UMask=0077"} <= set(lines)
        [hidden] = re.findall("InaccessiblePaths=(.*)", texts[file])
        assert hidden.startswith(f"-{HOME}/.mlflow-ops -{HOME}/.ssh ")
    [written] = re.findall("ReadWritePaths=(.*)", texts[units.UNIT_FILE])
    assert written.split() == [f"{HOME}/mlflow/data", f"{HOME}/mlflow/stream"]


def test_a_backup_without_settings_is_not_started_by_a_reboot_nor_by_the_daily_one() -> None:
    texts = units.units(HOME)
    condition = f"ConditionPathExists={HOME}/{units.CONFIG}"
    assert condition in texts[units.UNIT_FILE].splitlines()
    assert condition in texts[units.DAILY_FILE].splitlines()


def test_at_shutdown_the_server_ends_first_and_the_backup_has_time_for_the_rest() -> None:
    assert f"{units.UNIT}.service" in keeping_up.UNIT_TEXT.partition("After=")[2].splitlines()[0]
    last = int(settings(STREAM)["shutdown-sync-timeout"].removesuffix("s"))
    assert last < units.GRACE


def test_litestream_is_started_without_the_variable_that_it_does_not_take() -> None:
    assert "UnsetEnvironment=AWS_CA_BUNDLE" in units.units(HOME)[units.UNIT_FILE]
    assert "unset AWS_CA_BUNDLE" in units.script()


def test_a_new_stream_has_all_of_the_last_ones_settings_but_its_name() -> None:
    host = Host()
    stamp = streams.begin(standing(host))
    assert stamp == "20261123T220000Z"
    assert host.files[units.CONFIG] == replace(STREAM, stamp=stamp).settings()


def test_a_new_stream_is_later_than_the_last_one_whatever_the_clock_says() -> None:
    host = Host()
    stack = standing(host)
    stack.now = layout.moment(OLD)
    assert streams.begin(stack) == "20261123T214254Z"


@pytest.mark.parametrize("killed", range(5))
def test_a_kill_while_a_stream_begins_leaves_none_that_goes_on_with_another_database(
    killed: int,
) -> None:
    host = Host(dies_at=killed)
    stack = standing(host)
    with pytest.raises(KeyboardInterrupt):
        streams.begin(stack)
    assert stream_of(host) != OLD or killed == 0  # before anything was done
    host.dies_at = 99
    assert streams.begin(stack) >= "20261123T220000Z"


def test_what_was_paused_goes_on_with_its_stream() -> None:
    host = Host()
    stack = standing(host)
    streams.pause(stack)
    assert stream_of(host) == ""
    streams.resume(stack)
    assert stream_of(host) == OLD


def test_what_a_killed_run_has_paused_is_no_later_runs_to_go_on_with() -> None:
    """The databases may be others since."""
    host = Host()
    stack = standing(host)
    streams.pause(stack)
    streams.pause(stack)
    streams.resume(stack)
    assert stream_of(host) == "20261123T220000Z"


def test_a_host_that_has_never_had_a_backup_is_told_what_makes_one() -> None:
    with pytest.raises(HostFailed, match="`mlflow-ops up` begins it"):
        streams.begin(cast("Any", Stack(Host())))


def test_a_script_that_is_stopped_has_the_time_that_its_unit_has() -> None:
    assert f"seq {units.GRACE * 5}" in units.SCRIPT.stop()
    patient = supervising.Supervisor("s", "p", "l", "f", grace=7)
    assert "seq 35" in patient.start()
