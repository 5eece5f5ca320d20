"""The SSH side, against a real SSH server."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import asyncssh
import pytest
from doubles import ssh

from mlflow_ops import host
from mlflow_ops.errors import (
    CommandFailed,
    HostFailed,
    HostKeyChanged,
    HostKeyUnknown,
    HostUnreachable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Door:
    double: ssh.SshDouble
    login: host.Login


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(tmp_path / "id")
    public = key.export_public_key().decode()
    (tmp_path / "keys").write_text(public)
    shown = host_key(tmp_path / "keys")
    with ssh.running(tmp_path / "host", str(tmp_path / "keys")) as double:
        files = tmp_path / "id", tmp_path / "known_hosts"
        yield Door(double, host.Login("i-1", "127.0.0.1", double.port, *files, (shown,)))


def host_key(keys: Path) -> str:
    """Make the host key of the double that has these keys, and return its public half."""
    made = asyncssh.generate_private_key("ssh-ed25519")
    made.write_private_key(f"{keys}.host")
    return made.export_public_key().decode().split()[1]


@pytest.fixture
def connection(door: Door) -> Iterator[host.Host]:
    connected = host.connect(door.login)
    yield connected
    connected.close()


def test_a_command_gives_back_what_it_printed(connection: host.Host) -> None:
    printed = connection.run("echo out; echo err >&2; cat", stdin="in")
    assert sorted(printed.split()) == ["err", "in", "out"]


def test_a_failing_command_says_its_exit_and_its_last_lines(connection: host.Host) -> None:
    with pytest.raises(CommandFailed) as caught:
        connection.run("seq 100; exit 3")
    assert "Exit 3" in str(caught.value)
    assert "| 100" in str(caught.value)
    assert "| 88\n" not in str(caught.value)


def test_a_command_that_hangs_is_ended_at_its_deadline_with_what_it_printed(
    connection: host.Host,
) -> None:
    with pytest.raises(CommandFailed, match=r"(?s)Ended after 1 s.*\| begun"):
        connection.run("echo begun; sleep 30", deadline=1)
    assert connection.run("echo alive") == "alive\n"


def test_at_the_deadline_the_command_is_ended_on_the_host_too(
    connection: host.Host, door: Door
) -> None:
    with pytest.raises(CommandFailed):
        connection.run("trap 'touch ended; exit' TERM; sleep 60 & wait", deadline=1)
    assert (door.double.home / "ended").exists()


def test_all_output_is_kept_in_a_private_log(door: Door, tmp_path: Path) -> None:
    log = tmp_path / "logs" / "host.log"
    connection = host.connect(door.login, log)
    connection.run("echo one")
    with pytest.raises(CommandFailed):
        connection.run("cat; echo two; exit 1", stdin="three")
    connection.close()
    kept = log.read_text()
    assert kept.splitlines() == ["$ echo one", "one", "$ cat; echo two; exit 1", "threetwo"]
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_much_output_does_not_block_the_exit(connection: host.Host) -> None:
    printed = connection.run("yes 0123456789 | head -c 8000000; echo the end", deadline=60)
    assert printed.endswith("01234567the end\n")


def test_the_last_line_is_shown_while_the_command_runs(connection: host.Host) -> None:
    shown: list[str] = []
    connection.on_line = shown.append
    connection.run("for i in 1 2 3; do echo line $i; sleep 0.1; done")
    assert shown[-1] == "line 3"
    assert "line 1" in shown


def test_bytes_that_are_no_text_break_nothing(connection: host.Host) -> None:
    assert "ok" in connection.run(r"printf '\377\376\033[2Jok\n'")


def test_a_file_is_put_whole_and_private(connection: host.Host, door: Door) -> None:
    connection.put("secret.txt", "a'b\"$c\n")
    path = door.double.home / "secret.txt"
    assert path.read_text() == "a'b\"$c\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not [command for command in door.double.commands if "a'b" in command]


def test_another_key_is_not_let_in(door: Door, tmp_path: Path) -> None:
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "other")
    with pytest.raises(HostUnreachable, match="i-1"):
        host.connect(replace(door.login, key_file=tmp_path / "other"))


def test_a_closed_port_is_unreachable(door: Door) -> None:
    with pytest.raises(HostUnreachable, match="127.0.0.1:9"):
        host.connect(replace(door.login, port=9))


def test_a_stranger_is_refused_at_the_very_first_connection(door: Door, tmp_path: Path) -> None:
    (tmp_path / "strange").write_text((tmp_path / "keys").read_text())
    host_key(tmp_path / "strange")
    with ssh.running(tmp_path / "other", str(tmp_path / "strange")) as stranger:
        with pytest.raises(
            HostKeyChanged, match="than its tag mlflow-ops:host-key tells: somebody"
        ):
            host.connect(replace(door.login, port=stranger.port, lasting=True))
        assert stranger.commands == []
    assert not door.login.known_hosts.exists()


def test_a_host_of_which_nothing_tells_the_key_is_not_even_called(door: Door) -> None:
    with pytest.raises(HostKeyUnknown, match="no key is taken unseen"):
        host.connect(replace(door.login, host_keys=(), port=9))


def test_who_does_not_know_the_key_is_sent_to_who_does_and_not_to_the_console(door: Door) -> None:
    with pytest.raises(HostKeyUnknown, match="mlflow-ops up. ran on has it") as caught:
        host.connect(replace(door.login, host_keys=(), port=9))
    assert str(door.login.known_hosts) in str(caught.value)
    assert "console" not in str(caught.value)


def test_a_file_that_is_not_there_is_empty_and_one_that_cannot_be_read_is_an_error(
    connection: host.Host, door: Door
) -> None:
    (door.double.home / "here").write_text("text\n")
    (door.double.home / "a folder").mkdir()
    assert (connection.get("here"), connection.get("there")) == ("text\n", "")
    with pytest.raises(CommandFailed, match="cannot read its file a folder"):
        connection.get("a folder")


def test_a_file_that_breaks_off_shows_no_part_of_itself(door: Door, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "cat").write_text("#!/bin/sh\nprintf secret\nexit 1\n")
    (tmp_path / "bin" / "cat").chmod(0o755)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "half").touch()
    path = f"{tmp_path / 'bin'}:{os.defpath}"
    with ssh.running(tmp_path / "other", str(tmp_path / "keys"), path=path) as double:
        connection = host.connect(replace(door.login, port=double.port))
        with pytest.raises(CommandFailed) as caught:
            connection.get("half")
        connection.close()
    assert "secret" not in str(caught.value)


def test_a_pinned_key_wins_over_what_the_tag_says_now(door: Door, tmp_path: Path) -> None:
    host.connect(replace(door.login, lasting=True)).close()
    pinned = door.login.known_hosts.read_text()
    assert pinned == f"i-1 ssh-ed25519 {door.login.host_keys[0]}\n"
    assert stat.S_IMODE(door.login.known_hosts.stat().st_mode) == 0o600
    (tmp_path / "strange").write_text((tmp_path / "keys").read_text())
    strange = replace(door.login, host_keys=(host_key(tmp_path / "strange"),), lasting=True)
    with ssh.running(tmp_path / "other", str(tmp_path / "strange")) as other:
        with pytest.raises(HostKeyChanged, match="pinned in .*: somebody may be in between"):
            host.connect(replace(strange, port=other.port))
        host.connect(replace(strange, port=other.port, name="i-2")).close()
    host.connect(replace(strange, port=door.login.port)).close()
    assert door.login.known_hosts.read_text().startswith(pinned)


def test_a_key_that_is_about_to_change_is_not_pinned(door: Door) -> None:
    both = (*door.login.host_keys, "A" * 68)
    for listed in (both, both[::-1]):
        host.connect(replace(door.login, host_keys=listed)).close()
    assert not door.login.known_hosts.exists()


def test_a_host_that_has_no_key_of_our_kind_is_refused_as_another(
    door: Door, tmp_path: Path
) -> None:
    asyncssh.generate_private_key("ecdsa-sha2-nistp256").write_private_key(tmp_path / "keys.host")
    with pytest.raises(HostKeyChanged, match="shows another SSH key"):
        host.connect(door.login)


def test_a_damaged_file_of_pins_is_not_taken_for_none(door: Door) -> None:
    door.login.known_hosts.write_text("i-2 ssh-ed25519 AAAA\n")
    with pytest.raises(HostFailed, match="damaged in line 1: remove it"):
        host.connect(door.login)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a disk to fill")
@pytest.mark.skipif(sys.platform != "linux", reason="there is no tmpfs")
def test_a_full_disk_here_is_no_host_to_wait_for(door: Door, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["/bin/mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], check=True)
    try:
        known = disk / "known_hosts"
        known.touch(mode=0o600)
        with pytest.raises(OSError, match="No space left"):
            (disk / "filler").write_bytes(b"1" * 100_000)
        with pytest.raises(OSError, match="No space left"):
            host.connect(replace(door.login, known_hosts=known, lasting=True))
    finally:
        subprocess.run(["/bin/umount", disk], check=True)
