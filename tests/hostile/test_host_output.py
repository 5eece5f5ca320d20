"""Whatever a host prints, it neither runs nor breaks anything here; from a real SSH server."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import asyncssh
import pytest
from doubles import ssh
from hostile.words import TEXTS, harm
from hypothesis import given
from hypothesis import strategies as st

from mlflow_ops import commands, host, transcript
from mlflow_ops.errors import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NASTY = r"printf '\377\376\033[2J\033]52;c;eA==\007\000\302\233\342\200\256\r\nok\n'"


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[host.Host]:
    """Return a connection to a host that prints what it is told to."""
    folder = tmp_path_factory.mktemp("host")
    own, shown = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    own.write_private_key(folder / "id")
    shown.write_private_key(folder / "keys.host")
    (folder / "keys").write_text(own.export_public_key().decode())
    pins = (shown.export_public_key().decode().split()[1],)
    with ssh.running(folder / "home", str(folder / "keys")) as double:
        files = folder / "id", folder / "known_hosts"
        login = host.Login("i-1", "127.0.0.1", double.port, *files, pins)
        connected = host.connect(login, folder / "log")
        yield connected
        connected.close()


@pytest.fixture
def log(connection: host.Host) -> Path:
    """Return the host's log, empty."""
    assert connection.log
    connection.log.write_text("")
    return connection.log


def test_what_is_no_text_and_what_moves_a_cursor_is_harmless_in_log_line_and_error(
    connection: host.Host, log: Path
) -> None:
    with pytest.raises(CommandFailed) as caught:
        connection.run(f"{NASTY}; exit 1")
    assert harm(str(caught.value)) == harm(log.read_text()) == set()
    assert r"\x1b[2J\x1b]52;c;eA==\x07\x00\x9b\u202e" in log.read_text()
    assert "| ok" in str(caught.value)


def test_a_line_of_ten_megabytes_is_borne_in_little_memory(
    connection: host.Host, log: Path
) -> None:
    lines: list[str] = []
    connection.on_line = lines.append
    tracemalloc.start()
    printed = connection.run("head -c 10000000 /dev/zero | tr '\\0' x; echo; echo the end")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert printed.endswith("x\nthe end\n")
    assert len(printed) <= transcript.KEPT
    assert peak < 12_000_000
    assert log.stat().st_size < transcript.LOGGED + 200_000
    assert "more, which is not kept" in log.read_text()
    assert max(map(len, lines)) <= transcript.LONGEST_LINE


def test_output_without_end_is_ended_at_the_deadline_and_its_tail_is_shown(
    connection: host.Host, log: Path
) -> None:
    with pytest.raises(CommandFailed, match="Ended after 1 s") as caught:
        connection.run("yes \"$(printf '\\033[2J')\"", deadline=1)
    assert len(str(caught.value)) < transcript.TAIL
    assert harm(str(caught.value)) == set()
    assert log.stat().st_size < transcript.LOGGED + 200_000
    assert connection.run("echo alive") == "alive\n"


def test_endless_nothing_costs_no_more(connection: host.Host, log: Path) -> None:
    with pytest.raises(CommandFailed, match="Ended after 1 s") as caught:
        connection.run("cat /dev/zero", deadline=1)
    assert len(str(caught.value)) < transcript.TAIL
    assert log.stat().st_size < transcript.LOGGED + 200_000


@given(st.lists(st.text(max_size=9_000) | st.just("x" * transcript.KEPT), max_size=6))
def test_the_ending_is_the_end(pieces: list[str]) -> None:
    ending = transcript.Ending()
    for piece in pieces:
        ending.add(piece)
    assert str(ending) == "".join(pieces)[-transcript.KEPT :]


@given(st.dictionaries(st.sampled_from(("unit", "active", "home")), TEXTS), TEXTS)
def test_no_fact_can_make_up_another(facts: dict[str, str], noise: str) -> None:
    noise = noise.replace("unit=", "").replace("\n", "")
    printed = "".join(f"{name}={value.partition(chr(10))[0]}\n" for name, value in facts.items())
    found = commands.parse_facts(f"{noise}\n{printed}")
    assert found.keys() - {noise.partition("=")[0]} <= facts.keys()
    assert all(harm(value) == set() for value in found.values())


def test_a_fact_of_control_characters_says_nothing() -> None:
    found = commands.parse_facts("unit=a\nhome=/h\x1dunit=b\x85active=c\nactive=\x1b[2J\n")
    assert found == {"unit": "a", "home": "", "active": ""}
