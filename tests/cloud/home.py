"""The home folder of a fake host, and the `sh` in which commands run there.

Only what would take long or needs root (apt, pipenv, pip, systemd) is played: it does nothing but
leave the traces that are asked for later.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

TOOLS = ("sh", "ls", "cat", "mv", "mkdir", "rm", "cp", "ln", "chmod", "touch", "tail", "grep")
# Functions, since each program that is started costs a millisecond, and there are thousands.
FUNCTIONS = r"""
sudo() {
  while case $1 in *=*) ;; *) false ;; esac; do shift; done
  "$@"
}
root() { case $1 in /etc/*) echo "$HOME$1" ;; *) echo "$1" ;; esac; }
sha256sum() { set -- "$(root "$1")"; [ -f "$1" ] && command sha256sum "$1"; }
cut() { read -r first _ && echo "$first"; }
install() { mkdir -p "$HOME/etc/systemd/system" && cp "$3" "$(root "$4")"; }
sync() { :; }
dpkg() { :; }
systemctl() {
  case $1 in
    is-system-running) echo running ;;
    is-active) if [ -f "$HOME/.active" ]; then echo active; else echo inactive; return 3; fi ;;
    restart) [ -f "$HOME/etc/systemd/system/$2.service" ] && : > "$HOME/.active" ;;
  esac
}
"""
PROGRAMS = {
    "apt-get": """
case "$*" in *" install "*)
  mkdir -p "$HOME/usr"
  for name in pipenv virtualenv; do ln -sf "$FAKES/later/$name" "$HOME/usr/$name"; done ;;
esac
""",
    "cloud-init": "echo 'status: done'\n",
    "journalctl": ":\n",
    "later/pipenv": 'mkdir -p .venv/bin && ln -sf "$FAKES/later/python" .venv/bin/python\n',
    "later/virtualenv": ":\n",
    "later/python": '[ -f uv.txt ] && ln -sf "$FAKES/later/uv" .venv/bin/uv\n',
    "later/uv": '[ -f requirements.new ] && ln -sf "$FAKES/later/mlflow" .venv/bin/mlflow\n',
    "later/mlflow": ":\n",
}


def lay_out(folder: Path) -> Path:
    """Make the folder of programs that all homes share, and return it."""
    (folder / "later").mkdir(parents=True)
    for name, lines in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{lines}")
        (folder / name).chmod(0o755)
    for name in (*TOOLS, "sha256sum"):
        if real := shutil.which(name):
            (folder / name).symlink_to(real)
    return folder


def inner(command: str) -> str:
    """Return a command without the time limit that it is wrapped in."""
    words = shlex.split(command)
    return words[-2].removesuffix(";") if words[-1] == "fi" else command


@dataclass
class Home:
    """One machine's disk; `fakes` are the programs that are not real there."""

    folder: Path
    fakes: Path

    def boot(self, public_key: str) -> None:
        """Do what the first boot does: let in the key that the instance was launched with."""
        (self.folder / ".ssh").mkdir(parents=True)
        self._keys.write_text(f"{public_key.strip()}\n")

    @property
    def admitted(self) -> list[str]:
        """The public keys that are let in."""
        return self._keys.read_text().splitlines()

    @property
    def serves(self) -> bool:
        """Whether the MLflow server was started."""
        return (self.folder / ".active").exists()

    def run(self, command: str, stdin: bytes) -> tuple[int, bytes]:
        """Run a command as the login user, and return its exit code and all that it printed."""
        ended = subprocess.run(
            ["/bin/sh", "-c", FUNCTIONS + inner(command)],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            env=self._environment(),
            check=False,
        )
        return ended.returncode, ended.stdout

    def wipe(self) -> None:
        """Take the disk away."""
        shutil.rmtree(self.folder)

    @property
    def _keys(self) -> Path:
        return self.folder / ".ssh" / "authorized_keys"

    def _environment(self) -> dict[str, str]:
        path = f"{self.folder}/usr{os.pathsep}{self.fakes}"
        return {"HOME": str(self.folder), "PATH": path, "FAKES": str(self.fakes), "LANG": "C.UTF-8"}
