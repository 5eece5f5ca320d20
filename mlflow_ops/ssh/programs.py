"""Running OpenSSH's own programs, and telling how what they ran has ended."""

from __future__ import annotations

import re
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
VERSION = re.compile(r"OpenSSH[^\d]*(\d+)\.(\d+)")


def check(name: str) -> None:
    """Raise MlflowOpsError unless this machine has the program, of a version that we can use."""
    if shutil.which(name) is None:
        raise MlflowOpsError(
            f"There is no program `{name}` on this machine: install OpenSSH's client (on Debian "
            "and Ubuntu `sudo apt install openssh-client`), and run the command again."
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
    way: Way, line: str, *, terminal: bool = False, capture: bool = False, stdin: int | None = None
) -> Iterator[Running]:
    """Have a command line run by the host's shell, which goes on no longer than the context.

    With `capture` what it prints comes by pipes, else it is ours; so is its input.
    """
    pipe = subprocess.PIPE if capture else None
    # So that a signal that ends the command is its exit code, and not the end of the shell, too.
    whole = f"{line}\nexit $?"
    with tempfile.TemporaryDirectory(prefix="mlflow-ops-") as folder:
        log = Path(folder, "ssh.log")
        words = way.command(whole, log=log, terminal=terminal)
        with subprocess.Popen(words, stdin=stdin, stdout=pipe, stderr=pipe) as process:
            try:
                yield Running(process, log)
            except BaseException:
                process.kill()  # ours, and not waited for yet
                raise
