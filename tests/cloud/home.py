"""The home folder of a fake host, and the `sh` in which commands run there."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import keeper
from .programs import FUNCTIONS

if TYPE_CHECKING:
    from pathlib import Path

# Of root's files, those that commands name otherwise than to our own programs.
ROOTS = (
    "/etc/ssh",
    "/etc/mlflow-ops/",
    "/etc/systemd/system/mlflow-lifetime",
    "/run/mlflow-lifetime",
    "/usr/local/lib/mlflow-ops/",
)


def inner(command: str) -> str:
    """Return a command without the time limit that it is wrapped in."""
    words = shlex.split(command)
    return words[-2].removesuffix(";") if words[-1] == "fi" else command


@dataclass
class Home:
    """One machine's disk; `fakes` are the programs that are not real there.

    `databases` is what the keeper says that the databases hold, and `synced` what it says of the
    continuous backup; a test may change both.
    """

    folder: Path
    fakes: Path
    databases: dict[str, object] = field(default_factory=keeper.contents)
    synced: dict[str, object] = field(default_factory=keeper.in_the_bucket)

    def boot(self, public_key: str, host_key: str) -> None:
        """Do what the first boot does: let in the launch's key, and take its host key."""
        (self.folder / ".ssh").mkdir(parents=True)
        self._keys.write_text(f"{public_key.strip()}\n")
        (self.folder / "etc" / "ssh").mkdir(parents=True)
        for path in (self.folder / "etc" / "ssh" / "ssh_host_ed25519_key", self._shown):
            path.touch(0o600)
            path.write_text(host_key)

    @property
    def admitted(self) -> list[str]:
        """The public keys that are let in."""
        return self._keys.read_text().splitlines()

    @property
    def host_key(self) -> str:
        """The private host key that sshd has read when it was last started."""
        return self._shown.read_text()

    @property
    def serves(self) -> bool:
        """Whether the MLflow server was started."""
        return (self.folder / ".active").exists()

    @property
    def backs_up(self) -> bool:
        """Whether the continuous backup was started."""
        return (self.folder / ".active-mlflow-backup").exists()

    @property
    def stream(self) -> str:
        """The stream that it writes."""
        settings = (self.folder / "mlflow" / "litestream.yml").read_text()
        return settings.split("\n")[0].removeprefix("# stream ")

    @property
    def disk(self) -> dict[str, tuple[int, int, int]]:
        """What tells the disk from what it was: each file's size, its time and its mode."""
        found = ((path, path.lstat()) for path in sorted(self.folder.rglob("*")))
        return {str(path): (at.st_size, at.st_mtime_ns, at.st_mode) for path, at in found}

    @property
    def unit(self) -> str:
        """The text of the unit that keeps it up."""
        return (self.folder / "etc/systemd/system/mlflow-server.service").read_text()

    def run(self, command: str, stdin: bytes) -> tuple[int, bytes]:
        """Run a command as the login user, and return its exit code and all that it printed."""
        command = inner(command)
        if asked := keeper.asked(command):
            return keeper.Keeper(self.folder, self.databases, self.synced).answer(asked, stdin)
        ended = subprocess.run(
            ["/bin/sh", "-c", FUNCTIONS + self._own(command)],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=self._environment(),
            check=False,
        )
        return ended.returncode, ended.stdout

    def _own(self, command: str) -> str:
        """Return a command that names root's files here, and does not meet this computer's."""
        for place in ROOTS:
            command = command.replace(place, f"{self.folder}{place}")
        return command.replace("/usr/bin/python3", str(self.fakes / "python3"))

    def wipe(self) -> None:
        """Take the disk away."""
        shutil.rmtree(self.folder)

    @property
    def _keys(self) -> Path:
        return self.folder / ".ssh" / "authorized_keys"

    @property
    def _shown(self) -> Path:
        return self.folder / ".shown"

    def _environment(self) -> dict[str, str]:
        path = f"{self.folder}/usr{os.pathsep}{self.fakes}"
        return {"HOME": str(self.folder), "PATH": path, "FAKES": str(self.fakes), "LANG": "C.UTF-8"}
