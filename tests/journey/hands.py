"""`exec`, `logs`, `ssh` and `cp` on a sandbox's host, as a user at a terminal has them."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from journey.conftest import document

from mlflow_ops.wait import until

if TYPE_CHECKING:
    from conftest import Cli

PROGRAM = str(Path(sys.executable).with_name("mlflow-ops"))
LOG = "mlflow/server.log"
SHELL = ["/bin/sh", "-c"]


def commands_have_our_streams_and_files_go_both_ways(sandboxed: Cli, folder: Path) -> None:
    """See that all four do their work."""
    bytes_arrive_as_they_are(folder)
    what_cannot_get_through_ends_it(folder)
    ran = sandboxed("exec", "--", "sh", "-c", "cat; echo wrong >&2; exit 7", stdin="from here\n")
    assert (ran.code, ran.out, ran.err) == (7, "from here\n", "wrong\n")
    assert "42\r\n" in at_a_terminal(["exec", "--sandbox", "sh", "-c", "tty && echo $((40 + 2))"])
    seen = at_a_terminal(["ssh", "--sandbox"], "stty size; echo $((40 + 2)); exit\n")
    assert "24 80\r\n42\r\n" in seen
    files_go_both_ways(sandboxed, folder)
    the_log_goes_on_until_ctrl_c(sandboxed)


def bytes_arrive_as_they_are(folder: Path) -> None:
    """See that nothing is changed on the way there and back."""
    sent = os.urandom(1_000_000)
    words = [PROGRAM, "exec", "--sandbox", "cat"]
    ended = subprocess.run(words, input=sent, capture_output=True, cwd=folder, check=True)
    assert (ended.stdout == sent, ended.stderr) == (True, b"")
    nobody = subprocess.run(
        [*SHELL, f"{PROGRAM} exec --sandbox cat <&- >&-"], cwd=folder, check=False
    )
    assert nobody.returncode == 0


def what_cannot_get_through_ends_it(folder: Path) -> None:
    """See that nothing is lost in silence, and nothing goes on for a reader who has gone."""
    with Path("/dev/full").open("wb") as full:
        words = [PROGRAM, "exec", "--sandbox", "echo", "hi"]
        ended = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, cwd=folder, check=False)
    assert (ended.returncode, b"The disk is full" in ended.stderr) == (1, True), ended.stderr
    assert ends(["exec", "--sandbox", "yes"])[0] == 128 + signal.SIGPIPE
    assert ends(["logs", "--sandbox", "-f", "-n", "1"])[0] == 128 + signal.SIGPIPE
    held = ["exec", "--sandbox", "sh", "-c", "echo on; exec cat"]
    code, said = ends(held, signal.SIGINT)
    assert (code, b"may go on on the host" in said) == (130, True), said


def ends(words: list[str], number: signal.Signals | None = None) -> tuple[int, bytes]:
    """Return how a command ends once its first line is read, and what it says of it.

    Its reader goes, unless it is sent a signal.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen([PROGRAM, *words], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline()
        if number is None:
            process.stdout.close()
        else:
            process.send_signal(number)
        return process.wait(30), process.stderr.read()


def files_go_both_ways(sandboxed: Cli, folder: Path) -> None:
    """See that names are taken as they are, and that nothing but the host's home is reached."""
    inner = folder / "with a space" / "$(inner)"
    inner.mkdir(parents=True)
    (inner / "a:b [1].txt").write_text("x")
    (folder / "c:d").write_text("y")
    there = sandboxed("cp", "-r", str(inner.parent), "c:d", ":", "--json")
    assert (there.code, document(there)["to"]) == (0, ":"), there.err
    back = sandboxed("cp", "-r", ":with a space", ":c*", str(folder / "with a space"))
    assert back.code == 0, back.err
    assert (folder / "with a space/with a space/$(inner)/a:b [1].txt").read_text() == "x"
    assert (folder / "with a space/c:d").read_text() == "y"
    refused = sandboxed("cp", ":/etc/passwd", ":../../sandbox.json", ":nothing", ".")
    assert (refused.code, refused.err.count("No such file or directory")) == (1, 3), refused.err
    assert {path.name for path in folder.iterdir()} >= {"with a space", "c:d"}
    assert not (folder / "passwd").exists()
    assert not (folder / "sandbox.json").exists()


def the_log_goes_on_until_ctrl_c(sandboxed: Cli) -> None:
    """See that what is logged is shown, also by a server that was started anew, and made safe."""
    assert "Application startup complete" in "\n".join(
        document(sandboxed("logs", "--json"))["lines"]
    )
    since = sandboxed("logs", "--since", "2h", "--json")
    assert (since.code, "leave it out" in document(since)["error"]) == (2, True)
    ours, theirs = pty.openpty()
    words = [PROGRAM, "logs", "--sandbox", "-f", "-n", "0"]
    with subprocess.Popen(words, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL) as process:
        os.close(theirs)
        os.set_blocking(ours, False)
        seen = bytearray()

        def shows(line: str) -> bool:
            with suppress(BlockingIOError):
                seen.extend(os.read(ours, 65_536))
            return line.encode() in seen

        def appended(line: str) -> bool:
            with next(Path(os.environ["MLFLOW_OPS_HOME"]).rglob("server.log")).open("a") as log:
                log.write(f"{line}\n")
            return shows(line.replace("\x1b", r"\x1b"))

        until("a line", lambda: appended("one \x1b[31mline"), deadline=20, pause=0.2)
        sandboxed("exec", "sh", "-c", f"mv {LOG} {LOG}.1 && cat {LOG}.1 > {LOG}")
        until("a line of the next", lambda: appended("another"), deadline=20, pause=0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    os.close(ours)


def at_a_terminal(words: list[str], typed: str = "") -> str:
    """Return all that a terminal of 80 columns and 24 lines shows of a command."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    own = os.environ | {"TERM": "dumb"}
    with subprocess.Popen([PROGRAM, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=own):
        os.close(theirs)
        os.write(ours, typed.encode())
        seen = b""
        with suppress(OSError):  # Linux's way to say that nobody writes any more
            while piece := os.read(ours, 65_536):
                seen += piece
    os.close(ours)
    return seen.decode()
