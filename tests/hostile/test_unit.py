"""Whatever a name or a folder is, the server's unit and script have no line and no word more."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from pathlib import Path

import pytest
from hostile.words import FRAGMENTS, TEXTS, on_one_command_line
from hypothesis import given, settings

from mlflow_ops import commands
from mlflow_ops.errors import HostFailed
from mlflow_ops.server import keeping_up
from mlflow_ops.server.serving import Serving

HOME = "/home/ubuntu"
WORDS = TEXTS.filter(lambda words: on_one_command_line(words) and "\udcff" not in words)
FEW = settings(max_examples=40, deadline=None)
ESCAPES = {"\\": "\\", '"': '"'}


def serving(words: str) -> Serving:
    """Return a server with such a bucket and name."""
    return Serving(words or "b", "0.0.0.0", 5000, (words or "n",), 5000, certificate="ab")


def as_systemd(line: str) -> list[str]:
    """Split a command line by systemd's rules, as far as ours come to use them.

    https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html#Quoting
    """
    words: list[str] = []
    word, quoted, rest = b"", False, iter(line)
    for one in rest:
        if one == '"':
            quoted = not quoted
        elif one == " " and not quoted:
            words, word = [*words, word.decode()], b""
        elif one in "%$":
            assert next(rest) == one, f"systemd would put something else for {one}"
            word += one.encode()
        elif one == "\\":
            assert quoted
            kind = next(rest)
            word += (
                bytes.fromhex(next(rest) + next(rest)) if kind == "x" else ESCAPES[kind].encode()
            )
        else:
            assert quoted or one not in "';"
            word += one.encode()
    assert not quoted
    return [*words, word.decode()]


@given(WORDS)
def test_systemd_starts_the_very_arguments_whatever_they_are(words: str) -> None:
    wish = serving(words)
    lines = keeping_up.unit(wish, HOME).split("\n")
    usual = keeping_up.unit(serving("b"), HOME).split("\n")
    assert [line.partition("=")[0] for line in lines] == [line.partition("=")[0] for line in usual]
    [line] = [line for line in lines if line.startswith("ExecStart=")]
    started = as_systemd(line.partition("=")[2])
    assert started[1:] == wish.command()[1:]
    assert started[0] == f"{HOME}/mlflow/.venv/bin/mlflow"


@given(WORDS)
def test_systemd_gives_the_very_variables_whatever_is_in_them(words: str) -> None:
    wish = serving(words)
    given = [
        as_systemd(line.removeprefix("Environment=").replace("$", "$$"))
        for line in keeping_up.unit(wish, HOME).split("\n")
        if line.startswith("Environment=")
    ]
    assert given == [[f"{name}={value}"] for name, value in wish.environment().items()]


@FEW
@given(WORDS)
def test_the_script_starts_the_very_arguments_too(words: str) -> None:
    wish = serving(words)
    with tempfile.TemporaryDirectory() as folder:
        script = keeping_up.supervisor(wish)
        [line] = _commands(script, wish)
        shown = subprocess.run(
            ["/bin/sh", "-c", f"set -- {line}; printf '%s\\0' \"$@\""],
            cwd=folder,
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout.decode()
        assert shown.split("\0")[:-1] == wish.command()
        assert list(Path(folder).iterdir()) == []


def _commands(script: str, wish: Serving) -> list[str]:
    """Return the part of the script that starts the server."""
    joined = shlex.join(wish.command())
    assert script.count(joined) == 1
    return [joined]


@pytest.mark.parametrize("part", [each for each in FRAGMENTS if each not in {"--", "-rf"}])
def test_a_home_that_would_be_more_than_a_path_stands_in_no_unit(part: str) -> None:
    home = f"/home/{part}"
    with pytest.raises(HostFailed, match="give it one such as /home/ubuntu"):
        keeping_up.unit(serving("b"), home)


def test_a_host_that_tells_no_home_gets_no_unit() -> None:
    found = commands.parse_facts("home=/home/x\x1b\nhome=/\n")
    with pytest.raises(HostFailed):
        keeping_up.unit(serving("b"), found["home"])
