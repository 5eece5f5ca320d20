"""What OpenSSH's programs are told: one host, one key, one pin, whatever else is configured."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mlflow_ops.errors import MlflowOpsError
from mlflow_ops.server import keeping_up
from mlflow_ops.ssh import programs
from mlflow_ops.ssh.openssh import Way

ID = "i-0123456789abcdef0"
WAY = Way(ID, "203.0.113.7", 22, Path("/ops/id_ed25519"), Path("/ops/known_hosts"))
EVIL = "Host *\n  StrictHostKeyChecking no\n  ForwardAgent yes\n  ProxyJump evil.test\n"


def effective(line: list[str]) -> dict[str, str]:
    """Return what OpenSSH itself makes of a command line, without connecting."""
    words = [line[0], "-G", *line[1:]]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return dict(pair.partition(" ")[::2] for pair in said.splitlines())


def test_ssh_goes_to_this_host_with_this_key_and_takes_the_pinned_key_alone() -> None:
    found = effective(WAY.shell())
    wanted = {
        "host": ID,
        "hostname": "203.0.113.7",
        "port": "22",
        "user": "ubuntu",
        "identityfile": "/ops/id_ed25519",
        "identitiesonly": "yes",
        "hostkeyalias": ID,
        "userknownhostsfile": "/ops/known_hosts",
        "globalknownhostsfile": "/dev/null",
        "stricthostkeychecking": "true",
        "hostkeyalgorithms": "ssh-ed25519",
        "updatehostkeys": "false",
        "preferredauthentications": "publickey",
    }
    assert {name: found[name] for name in wanted} == wanted


def test_an_ipv6_address_and_names_with_all_that_ssh_reads_arrive_as_they_are() -> None:
    folder = Path('/my ops/100%h/"it\'s" \\ ~')
    way = replace(WAY, address="2001:db8::7", key_file=folder / "key", known_hosts=folder / "known")
    found = effective(way.shell())
    assert found["hostname"] == "2001:db8::7"
    # What is still to be expanded when it is used: `%%` is one percent sign then.
    assert found["identityfile"].replace("%%", "%") == str(folder / "key")
    known = found["userknownhostsfile"].replace("%%", "%").strip('"').replace('\\"', '"')
    assert known.replace("\\\\", "\\") == str(folder / "known")


def test_the_users_own_configuration_changes_nothing_unless_it_is_named_and_never_the_pin(
    tmp_path: Path,
) -> None:
    (tmp_path / "home" / ".ssh").mkdir()
    for path in (tmp_path / "home" / ".ssh" / "config", tmp_path / "named"):
        path.write_text(EVIL)
    left = effective(WAY.shell())
    assert (left["forwardagent"], left["stricthostkeychecking"]) == ("no", "true")
    assert "proxyjump" not in left
    named = effective(WAY.shell(["-F", str(tmp_path / "named")]))
    assert (named["forwardagent"], named["stricthostkeychecking"]) == ("yes", "true")
    said = effective(WAY.shell(["-o", "StrictHostKeyChecking=no", "-o", "HostKeyAlias=other"]))
    assert (said["stricthostkeychecking"], said["hostkeyalias"]) == ("true", ID)


def test_what_follows_the_host_is_an_option_or_a_command_but_no_other_host() -> None:
    found = effective(WAY.shell(["-L", "8888:localhost:8888", "evil.test"]))
    assert (found["host"], found["hostname"]) == (ID, "203.0.113.7")
    assert found["localforward"] == "8888 [localhost]:8888"


@pytest.mark.parametrize("line", ["-oProxyCommand=/evil.sh", "-V", "-- echo hi"])
def test_no_word_of_a_hosts_command_is_an_option_of_any_ssh(line: str, tmp_path: Path) -> None:
    words = WAY.command(line, log=tmp_path / "log", terminal=False)
    assert "proxycommand" not in effective(words)
    assert words[-3:] == ["--", ID, f" {line}"]


def test_scp_takes_no_local_name_for_a_host_or_an_option() -> None:
    words = WAY.copy(["a:b", "-r", "/abs"], ":to dir", recursive=True, quiet=False)
    assert words[words.index("--") + 1 :] == ["./a:b", "./-r", "/abs", f"{ID}:to dir"]
    assert words[: words.index("-F")] == ["scp", "-s"]
    back = WAY.copy([":~/a", ":b*"], "here", recursive=False, quiet=True)
    assert back[back.index("--") + 1 :] == [f"{ID}:~/a", f"{ID}:b*", "./here"]


@pytest.mark.parametrize("name", ["ssh", "scp"])
def test_a_machine_without_openssh_is_told_what_to_install(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MlflowOpsError, match=f"no program `{name}`.*openssh-client"):
        programs.check(name)


def test_an_scp_that_knows_no_sftp_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    say_version(tmp_path, "OpenSSH_8.7p1")
    programs.check("scp")
    say_version(tmp_path, "OpenSSH_8.6p1")
    with pytest.raises(MlflowOpsError, match=r"OpenSSH is 8\.6.*install 8\.7"):
        programs.check("scp")


def test_a_command_that_nobody_reads_any_more_is_ended_and_its_ssh_can_tidy_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    say(tmp_path / "ssh", f"trap 'touch {tmp_path}/tidied; exit' TERM; echo on; read x")
    with pytest.raises(BrokenPipeError):
        hear_one_line()
    assert (tmp_path / "tidied").exists()


def hear_one_line() -> None:
    """Read one line of a command that goes on without a word, and then be gone."""
    ours, theirs = os.pipe()
    with (
        os.fdopen(theirs, "wb") as sink,
        programs.running(WAY, "true", stdin=subprocess.PIPE) as run,
    ):
        pieces = run.pieces(sink.fileno())
        assert next(pieces) == b"on\n"
        os.close(ours)
        next(pieces)


def test_an_scp_without_its_ssh_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_version(tmp_path, "OpenSSH_9.0")
    (tmp_path / "ssh").unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MlflowOpsError, match="no program `ssh`.*openssh-client"):
        programs.check("scp")


def say_version(folder: Path, banner: str) -> None:
    """Put programs there that tell another version of OpenSSH."""
    for name in ("ssh", "scp"):
        say(folder / name, f"echo '{banner}, LibreSSL 2.8.3' >&2")


def say(program: Path, lines: str) -> None:
    """Put a program there that does this."""
    program.write_text(f"#!/bin/sh\n{lines}\n")
    program.chmod(0o755)


def test_the_log_is_the_units_journal_or_the_file_of_a_host_without_one() -> None:
    both = keeping_up.shown(20, None).splitlines()
    journal = "journalctl -a --no-pager --no-hostname -o short-iso -u mlflow-server -n"
    assert both[0] == "exec 2>&1"
    assert both[2::2] == [f"{journal} 20", "tail -n 20 mlflow/server.log"]
    follow = keeping_up.shown(0, None, follow=True).splitlines()
    assert follow[2::2] == [f"{journal} 0 -f", "tail -n 0 -F mlflow/server.log"]


@pytest.mark.parametrize(
    ("since", "word"),
    [
        ("2h", "--since=-2h"),
        ("90min", "--since=-90min"),
        ("today", "--since=today"),
        ("2026-11-23 21:40", "'--since=2026-11-23 21:40'"),
        ("$(reboot)", "'--since=$(reboot)'"),
    ],
)
def test_since_is_a_time_or_how_long_ago_and_nothing_that_a_shell_obeys(
    since: str, word: str
) -> None:
    journal, file = keeping_up.shown(None, since).splitlines()[2::2]
    assert journal.endswith(f" -n all {word}")
    assert file.endswith("; exit 1")
