"""Sections of ours in the user's AWS files."""

from __future__ import annotations

import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import botocore.configloader
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlflow_ops import files, profiles

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "profile mlflow-ops-mlflow-us-east-1"
SETTINGS = {"region": "us-east-1", "output": "json"}
REWRITING = (
    "import pathlib, sys; from mlflow_ops import profiles\n"
    "path, name = pathlib.Path(sys.argv[1]), sys.argv[2]\n"
    "for turn in range(150):\n"
    "    profiles.add(path, name, {'turn': str(turn)})\n"
    "    profiles.settings_of(path, name)['turn'] == str(turn) or sys.exit(f'lost in {turn}')\n"
    "    turn % 2 and profiles.remove(path, name)\n"
)
FILES = [
    b"",
    b"[default]\naws_access_key_id = A\n",
    b"# comment\n[profile x]\ns3 =\n    max_concurrent_requests = 20\nregion=us-east-1",
    b"[default]\r\nregion = x\r\n\r\n",
    b"[default]\na = b\na = c\n[default]\nx = y\n",
    b"\xff\xfe not text at all \x00\n",
    b"\n\n\n",
]


@pytest.mark.parametrize("before", FILES)
def test_what_was_there_before_comes_back_byte_for_byte(tmp_path: Path, before: bytes) -> None:
    path = tmp_path / "config"
    path.write_bytes(before)
    profiles.add(path, HEADER, SETTINGS)
    assert path.read_bytes().startswith(before)
    profiles.remove(path, HEADER)
    assert path.read_bytes() == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=st.binary(max_size=200), after=st.binary(max_size=50))
def test_no_byte_of_anybody_else_is_changed(tmp_path: Path, before: bytes, after: bytes) -> None:
    path = tmp_path / "any"
    path.write_bytes(before)
    profiles.add(path, HEADER, SETTINGS)
    profiles.add(path, HEADER, {**SETTINGS, "region": "eu-west-1"})
    path.write_bytes(path.read_bytes() + after)
    profiles.remove(path, HEADER)
    # What others have added to a line without end since then must not be glued to it.
    glue = b"\n" if after and before and not before.endswith(b"\n") else b""
    assert path.read_bytes() == before + glue + after


def test_two_sections_of_ours_leave_a_line_without_end_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_bytes(b"[default]\naws_secret_access_key = usersecret")
    profiles.add(path, "one", SETTINGS)
    profiles.add(path, "two", SETTINGS)
    profiles.remove(path, "one")
    assert profiles.settings_of(path, "two") == SETTINGS
    profiles.remove(path, "two")
    assert path.read_bytes() == b"[default]\naws_secret_access_key = usersecret"


def test_two_sections_of_ours_leave_no_file_where_there_was_none(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    profiles.add(path, "one", SETTINGS)
    profiles.add(path, "two", SETTINGS)
    profiles.remove(path, "one")
    profiles.remove(path, "two")
    assert not path.exists()


def test_a_profile_added_after_ours_is_not_glued_to_the_users_last_line(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_bytes(b"[default]\naws_secret_access_key = usersecret")
    profiles.add(path, HEADER, SETTINGS)
    with path.open("ab") as file:
        file.write(b"[work]\nregion = x\n")
    profiles.remove(path, HEADER)
    loaded = botocore.configloader.raw_config_parse(str(path))
    assert loaded["default"]["aws_secret_access_key"] == "usersecret"
    assert loaded["work"] == {"region": "x"}


def test_the_aws_sdk_reads_the_section(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_bytes(b"[default]\nregion = eu-west-1")
    profiles.add(path, HEADER, SETTINGS)
    loaded = botocore.configloader.load_config(str(path))["profiles"]
    assert loaded["mlflow-ops-mlflow-us-east-1"] == SETTINGS
    assert loaded["default"] == {"region": "eu-west-1"}


def test_a_file_that_was_not_there_is_gone_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "credentials"
    profiles.add(path, HEADER, SETTINGS)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    profiles.remove(path, HEADER)
    assert not path.exists()


def test_an_empty_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.touch()
    profiles.add(path, HEADER, SETTINGS)
    profiles.remove(path, HEADER)
    assert path.read_bytes() == b""


def test_a_link_stays_a_link_and_modes_stay(tmp_path: Path) -> None:
    real, link = tmp_path / "dotfiles", tmp_path / "config"
    real.write_text("[default]\n")
    real.chmod(0o640)
    link.symlink_to(real)
    profiles.add(link, HEADER, SETTINGS)
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert profiles.settings_of(link, HEADER) == SETTINGS


def test_a_section_of_the_same_name_that_is_not_ours_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(f"[{HEADER}]\nregion = x\n")
    assert profiles.is_foreign(path, HEADER)
    path.write_text("")
    profiles.add(path, HEADER, SETTINGS)
    assert not profiles.is_foreign(path, HEADER)
    assert not profiles.is_foreign(tmp_path / "nowhere", HEADER)


@pytest.mark.parametrize("before", [None, b"[default]\naws_secret_access_key = usersecret"])
def test_stacks_side_by_side_take_nothing_from_each_other(
    tmp_path: Path, before: bytes | None
) -> None:
    path = tmp_path / "credentials"
    if before is not None:
        path.write_bytes(before)
    command = [sys.executable, "-c", REWRITING, str(path)]
    both = [subprocess.Popen([*command, name], stderr=subprocess.PIPE) for name in ("a", "b")]
    said = [process.communicate(timeout=60)[1].decode() for process in both]
    assert said == ["", ""]
    assert (path.read_bytes() if path.exists() else None) == before
    assert not files.temporary_of(path).exists()


def test_what_a_kill_has_left_goes_with_the_section(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    profiles.add(path, HEADER, SETTINGS)
    files.temporary_of(path).write_text("left by a kill")
    profiles.remove(path, HEADER)
    assert not files.temporary_of(path).exists()
    assert not path.exists()
