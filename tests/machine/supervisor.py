"""The commands that start a machine on its disk and reach into it."""

from __future__ import annotations

import shlex
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .image import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .cgroup import Group

# nspawn says so when the machine asked to be restarted and --keep-unit leaves that to us.
RESTART = 133
# On EC2 /tmp is on the disk; nspawn would put it in memory.
# https://systemd.io/ENVIRONMENT/
NSPAWN = ["env", "SYSTEMD_NSPAWN_TMPFS_TMP=0", "systemd-nspawn"]
QUIET = ["--quiet", "--register=no", "--keep-unit", "--console=read-only"]
AS_IT_IS = ["--resolv-conf=off", "--timezone=off", "--link-journal=no"]
CLEAN = ["env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]


@dataclass(frozen=True)
class Disk:
    """The cached root below, and the folder that keeps what the machine writes over it.

    Where there is an image of an earlier machine, that lies between the two.
    """

    root: Path
    folder: Path
    image: Path

    @property
    def upper(self) -> Path:
        """What differs from the cached root."""
        return self.folder / "upper"

    @property
    def console(self) -> Path:
        """The file of what the machine prints."""
        return self.folder / "console"

    def make(self, files: Mapping[str, str]) -> None:
        """Create a fresh disk with these files on it."""
        for name in ("upper", "work", "whole"):
            (self.folder / name).mkdir(parents=True)
        for path, content in files.items():
            write(self.upper / path, content.encode())

    def mount(self) -> list[str]:
        """Return the command that mounts it."""
        work = self.folder / "work"
        below = [*([self.image] if self.image.exists() else []), self.root]
        lower = ":".join(map(str, below))
        options = f"lowerdir={lower},upperdir={self.upper},workdir={work}"
        return ["mount", "-t", "overlay", "overlay", "-o", options, str(self.folder / "whole")]


def started(command: list[str], disk: Disk) -> subprocess.Popen[bytes]:
    """Start a process whose output goes to the machine's console."""
    with disk.console.open("ab") as console:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=console, stderr=subprocess.STDOUT
        )


def command(disk: Disk, holder: int, enter: str) -> list[str]:
    """Return the command that runs the machine until it is shut down.

    `holder` is the process that holds its network; `enter` moves a shell into its group.
    """
    place = [f"--directory={disk.folder / 'whole'}", "--boot", "--machine=ip-172-31-9-100"]
    net = f"--network-namespace-path=/proc/{holder}/ns/net"
    nspawn = shlex.join([*NSPAWN, *QUIET, *AS_IT_IS, *place, net])
    once = shlex.join(["sh", "-c", f"{enter}exec {nspawn}"])
    again = f"while {once}; [ $? = {RESTART} ]; do :; done"
    script = f"{shlex.join(disk.mount())} && {again}"
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script]


def inside(leader: int, group: Group, command: str) -> list[str]:
    """Return the command that runs a shell command as root in the machine, and in its group."""
    spaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--root"]
    shell = [*CLEAN, "HOME=/root", "sh", "-c", f"set -a; . /etc/environment; set +a; {command}"]
    there = shlex.join(["nsenter", "--target", str(leader), *spaces, *shell])
    return ["sh", "-c", f"{group.enter('machine')}exec {there}"]


def leader(pids: Iterable[int]) -> int | None:
    """Return the one of these processes that is number 1 in a namespace of its own."""
    return next((pid for pid in pids if _numbers(pid)[-1:] == ["1"]), None)


def _numbers(pid: int) -> list[str]:
    """Return a process's numbers, ours first and its own last; none for one of our namespace."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            name, *numbers = line.split()
            if name == "NSpid:" and len(numbers) > 1:
                return numbers
    return []
