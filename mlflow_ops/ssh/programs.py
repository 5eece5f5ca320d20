"""Running OpenSSH's own programs, and telling how what they ran has ended."""

from __future__ import annotations

import errno
import os
import re
import select
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_ops.errors import HostUnreachable, MlflowOpsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_ops.ssh.openssh import Way

OWN_ERROR = 255
SIGNALLED = 128
ENDED = re.compile(r"^debug1: Exit status (\d+)\s*$", re.MULTILINE)
LOST = (
    "The SSH connection to the host was lost before the command had ended, which may go on there: "
    "look with `mlflow-ops status`, and run it again."
)
# The first whose `scp` can be told to leave names alone: https://www.openssh.com/txt/release-8.7
SFTP_SINCE = (8, 7)
CHUNK = 65_536
GONE = select.POLLERR | select.POLLHUP
# Seconds that `ssh` has to end by itself.
PATIENCE = 5.0
VERSION = re.compile(r"OpenSSH[^\d]*(\d+)\.(\d+)")


def check(name: str) -> None:
    """Raise MlflowOpsError unless this machine has the program, of a version that we can use."""
    for each in dict.fromkeys((name, "ssh")):  # which `scp` runs
        if shutil.which(each) is None:
            raise MlflowOpsError(
                f"There is no program `{each}` on this machine: install OpenSSH's client (on "
                "Debian and Ubuntu `sudo apt install openssh-client`), and run the command again."
            )
    if name == "scp" and (found := _version()) and found < SFTP_SINCE:
        raise MlflowOpsError(
            f"This machine's OpenSSH is {found[0]}.{found[1]}, whose `scp` does not take names as "
            "they are: install 8.7 or newer, and run the command again."
        )


def _version() -> tuple[int, int] | None:
    """Return the version of OpenSSH; None where another program is called so."""
    words = ["ssh", "-V"]
    said = subprocess.run(words, capture_output=True, text=True, check=False).stderr
    found = VERSION.match(said)
    return (int(found[1]), int(found[2])) if found else None


class Running:
    """A command on the host, which `ssh` runs; `process` is that `ssh`."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process, self._log = process, log

    def pieces(self, reader: int) -> Iterator[bytes]:
        """Yield what it prints as it comes, byte by byte.

        Raises BrokenPipeError once nobody reads what is written to our own file `reader`.
        """
        if self.process.stdout is None:
            raise TypeError("a command that has our own terminal")
        source = self.process.stdout.fileno()
        asked = select.poll()
        asked.register(source, select.POLLIN)
        asked.register(reader, 0)
        while True:
            if dict(asked.poll()).get(reader, 0) & GONE:
                raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
            if not (piece := os.read(source, CHUNK)):
                return
            yield piece

    def code(self) -> int:
        """Wait for the end, and return the command's own exit code.

        Raises HostUnreachable when the connection was lost before.
        """
        found = self.process.wait()
        if found < 0:  # a signal has ended our `ssh`
            return SIGNALLED - found
        if found != OWN_ERROR:
            return found
        said = self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""
        if str(OWN_ERROR) in ENDED.findall(said):
            return OWN_ERROR
        raise HostUnreachable(LOST)


@contextmanager
def running(
    way: Way,
    line: str,
    *,
    terminal: bool = False,
    stdin: int | None = None,
    errors: int | None = None,
) -> Iterator[Running]:
    """Have a command line run by the host's shell, over a connection that ends with the context.

    Without a terminal what it prints comes by a pipe. The command on the host may go on when the
    connection has ended.
    """
    # So that a signal that ends the command is its exit code, and not the end of the shell, too.
    whole = f"{line}\nexit $?"
    out = None if terminal else subprocess.PIPE
    with tempfile.TemporaryDirectory(prefix="mlflow-ops-") as folder:
        log = Path(folder, "ssh.log")
        words = way.command(whole, log=log, terminal=terminal)
        with subprocess.Popen(words, stdin=stdin, stdout=out, stderr=errors) as process:
            try:
                yield Running(process, log)
            except BaseException:
                _end(process)
                raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """Have `ssh` leave the terminal as it was; kill it when it does not."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
