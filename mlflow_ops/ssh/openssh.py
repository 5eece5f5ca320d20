"""The command lines of OpenSSH's own programs, for the one host that we know and no other.

The user's configuration is left aside (`-F /dev/null`): a `Host *` of theirs may go another way
than `up` did, hand the host their agent, or take any key. What a user adds comes last, and of two
values OpenSSH takes the first (https://man.openbsd.org/ssh_config), so no pin is undone by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_ops.ssh.host_keys import KIND

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

USER = "ubuntu"
# What ends a connection is noticed within a minute, and with nothing said meanwhile.
ALIVE = {"ConnectTimeout": "10", "ServerAliveInterval": "15", "ServerAliveCountMax": "4"}
# A host may have a login greeting; a program's reader wants what the program says, and no more.
QUIET = ("-o", "LogLevel=ERROR")


@dataclass(frozen=True)
class Way:
    """How to get to a host: `name` is what its key is pinned under, its instance id."""

    name: str
    address: str
    port: int
    key_file: Path
    known_hosts: Path

    def options(self) -> list[str]:
        """Return what leads to this host, with our key, and only while it shows the pinned one."""
        settings = {
            "HostName": self.address,
            "Port": str(self.port),
            "User": USER,
            "IdentityFile": _path(self.key_file),
            "IdentitiesOnly": "yes",
            "PreferredAuthentications": "publickey",
            "HostKeyAlias": self.name,
            "UserKnownHostsFile": _path(self.known_hosts),
            "GlobalKnownHostsFile": "/dev/null",
            "StrictHostKeyChecking": "yes",
            "HostKeyAlgorithms": KIND,
            "CheckHostIP": "no",
            "UpdateHostKeys": "no",
            **ALIVE,
        }
        pairs = (word for name, value in settings.items() for word in ("-o", f"{name}={value}"))
        return ["-F", "/dev/null", *pairs]

    def shell(self, more: Iterable[str] = ()) -> list[str]:
        """Return `ssh` with a shell, or with more options or a command, as they follow a host."""
        return ["ssh", *self.options(), self.name, *more]

    def command(self, line: str, *, log: Path, terminal: bool) -> list[str]:
        """Return `ssh` with one command line for the host's shell; of itself it tells the log.

        The log says the exit code of the command, which can be ssh's own, too, for an error.
        """
        how = ["-E", str(log), "-o", "LogLevel=DEBUG1", "-o", "BatchMode=yes"]
        how += ["-tt" if terminal else "-T"]
        # `ssh` takes options after the host, too, and the host's shell those before a command. The
        # space is for it, and for the `ssh`s that forget the `--` once they have the host.
        return ["ssh", *self.options(), *how, "--", self.name, f" {line}"]

    def copy(self, sources: Iterable[str], to: str, *, recursive: bool, quiet: bool) -> list[str]:
        """Return `scp` over SFTP, which takes names as they are; `:path` is the host's."""
        flags = [*(["-r"] if recursive else []), *(["-q"] if quiet else [])]
        words = [self._place(each) for each in (*sources, to)]
        return ["scp", "-s", *self.options(), *QUIET, "-o", "BatchMode=yes", *flags, "--", *words]

    def _place(self, word: str) -> str:
        """Return what `scp` takes for the host's path, or for one of this machine's."""
        if is_hosts(word):
            return f"{self.name}{word}"
        return word if word.startswith("/") else f"./{word}"  # or a colon in it names a host


def is_hosts(word: str) -> bool:
    """Whether a path of `cp` is meant on the host."""
    return word.startswith(":")


def _path(path: Path) -> str:
    """Return a file's name as a setting has it, with nothing in it that stands for more."""
    text = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"'
