"""What a launch is given, and what a tag may say of a host's keys."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_ops.folder import Folder
from mlflow_ops.records import Instance
from mlflow_ops.ssh import host_keys, ssh_key, sshd, user_data

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 16 * 1024  # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
A, B = (f"AAAAC3NzaC1lZDI1NTE5AAAAI{letter * 43}" for letter in "AB")


def test_user_data_hands_over_the_key_and_shuts_passwords_out(tmp_path: Path) -> None:
    public = ssh_key.generate(tmp_path / "key")
    private = (tmp_path / "key").read_text()
    text = user_data.cloud_config(private, public)
    assert text == user_data.cloud_config(private, public)
    head, _, wishes = text.partition("\n")
    assert head == "#cloud-config"
    assert json.loads(wishes) == {
        "write_files": [{"path": sshd.DROP_IN, "content": sshd.config(), "permissions": "0644"}],
        "ssh_pwauth": False,
        "ssh_deletekeys": True,
        "ssh_genkeytypes": ["ed25519"],
        "ssh_keys": {"ed25519_private": private, "ed25519_public": public},
    }
    assert len(text) < LIMIT


@pytest.mark.parametrize(
    ("keys", "launched"), [((A,), True), ((A, B), True), ((B,), False), ((), False)]
)
def test_a_tag_tells_what_it_was_told(keys: tuple[str, ...], *, launched: bool) -> None:
    value = host_keys.tag(*keys, launched=launched)
    assert host_keys.told(value) == (keys, launched)
    assert len(value) <= 256


@given(st.text())
def test_no_tag_makes_a_key_of_what_is_none(value: str) -> None:
    keys, born = host_keys.told(value)
    assert all(len(key) == 68 and key.isascii() for key in keys)
    assert not born or keys


def test_until_tags_show_the_launchs_own_key_is_the_one_to_meet(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert host_keys.acceptable(Instance("i-1"), folder) == ()
    public = ssh_key.generate(folder.launch_host_key)
    assert host_keys.acceptable(Instance("i-1"), folder) == (public.split()[1],)
    assert host_keys.acceptable(Instance("i-1", host_keys=(B,)), folder) == (B,)


def test_a_fingerprint_is_the_one_that_ssh_shows(tmp_path: Path) -> None:
    public = ssh_key.generate(tmp_path / "key")
    keygen = shutil.which("ssh-keygen")
    if keygen is None:
        pytest.skip("there is no ssh-keygen")
    shown = subprocess.run([keygen, "-lf", tmp_path / "key"], check=True, capture_output=True)
    assert host_keys.fingerprint(public.split()[1]) == shown.stdout.decode().split()[1]


def test_forgetting_the_stack_takes_the_launchs_key_too(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "home" / "stack")
    ssh_key.generate(folder.launch_host_key)
    folder.forget(tmp_path / "home")
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("text", [sshd.facts(), sshd.generate(), sshd.install()])
def test_commands_never_wait_for_a_password_and_are_good_shell(text: str) -> None:
    assert re.findall(r"\bsudo\b(?! -n |=)", text) == []
    assert subprocess.run(["/bin/sh", "-n", "-c", text], check=False).returncode == 0
