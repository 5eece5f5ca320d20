"""Whatever the words of a command line are, what is said of them only shows them."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hostile.words import FRAGMENTS, TEXTS, harm
from hypothesis import given

from mlflow_ops.cli import main
from mlflow_ops.errors import BadOption
from mlflow_ops.names import checked
from mlflow_ops.settings import network

ALL = "".join(FRAGMENTS)
WRONG: list[tuple[str, ...]] = [
    (ALL.replace("\0", ""),),
    (f"--{ALL}".replace("\0", ""),),
    ("status", "--name", f"\x1b[2J{ALL}"),
    ("status", f"\x1b]0;x\x07{ALL}"),
    ("status", f"--\x1b]0;x\x07{ALL}"),
    ("up", "--allow", ALL),
    ("up", "--allow", "fe80::1%\x1b[2J/128"),
    ("up", "--domain", ALL),
    ("up", "--artifacts", ALL),
    ("up", "--region", ALL),
    ("train", "--alpha", ALL),
    ("train", "--data", ALL, "--tracking-uri", "http://127.0.0.1:9"),
    ("train", "--data", f"http://127.0.0.1:9/{ALL}", "--tracking-uri", "http://127.0.0.1:9"),
    ("train", "--tracking-uri", f"http://127.0.0.1:9/{ALL}", "--data", "sample"),
    ("run", "--", "\x1b[2Jno-such-command"),
    ("policy", ALL),
    ("policy", "--account", ALL),
    ("status", "--profile", ALL.replace("\0", "")),
]


@pytest.mark.parametrize("words", WRONG)
@pytest.mark.parametrize("more", [(), ("--debug", "--json")])
def test_no_word_of_the_command_line_reaches_the_terminal_as_it_is(
    words: tuple[str, ...], more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([words[0], *more, *words[1:]])
    out, err = capsys.readouterr()
    assert ended.value.code in {1, 2, 3}
    assert harm(err) == harm(out) == set()
    assert len(err.splitlines()) < (200 if more else 40)
    assert [each.name for each in Path().iterdir()] == ["home"]  # nothing was touched


def test_on_a_real_terminal_the_same_holds() -> None:
    reading, writing = pty.openpty()
    program = Path(sys.executable).with_name("mlflow-ops")
    words = [str(program), "up", "--allow", ALL.replace("\0", "")]
    with subprocess.Popen(words, stdin=writing, stdout=writing, stderr=writing) as process:
        os.close(writing)
        said = b"".join(iter(lambda: _read(reading), b""))
    os.close(reading)
    assert process.returncode == 2
    assert "OWNED" in said.decode()
    assert harm(said.decode().replace("\r\n", "\n")) == set()


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # a terminal whose last user has gone
        return b""


@given(TEXTS)
def test_an_address_range_is_digits_dots_and_colons_or_refused(words: str) -> None:
    for text in (words, f"10.0.0.1{words}", f"fe80::1%{words}", f"fe80::1%{words}/128"):
        with contextlib.suppress(BadOption):
            assert re.fullmatch(r"[0-9a-f.:]+/[0-9]+", network(text))
    with pytest.raises(BadOption):
        network(f"fe80::1%{words}x/128")


@given(TEXTS)
def test_a_stack_name_is_letters_digits_and_hyphens_or_refused(words: str) -> None:
    for text in (words, f"a{words}", f"{words}a"):
        with contextlib.suppress(BadOption):
            assert re.fullmatch(r"[a-z0-9-]+", checked(text))
