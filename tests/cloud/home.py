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

TOOLS = (
    "sh",
    "ls",
    "cat",
    "mv",
    "mkdir",
    "rm",
    "cp",
    "ln",
    "chmod",
    "touch",
    "tail",
    "grep",
    "sort",
    "sed",
    "head",
    "od",
    "tr",
)
# Functions, since each program that is started costs a millisecond, and there are thousands.
FUNCTIONS = r"""
sudo() {
  while case $1 in *=* | -n) ;; *) false ;; esac; do shift; done
  "$@"
}
root() { case $1 in /etc/*) echo "$HOME$1" ;; *) echo "$1" ;; esac; }
sha256sum() { set -- "$(root "$1")"; [ -f "$1" ] && command sha256sum "$1"; }
cut() { read -r first _ && echo "$first"; }
install() { mkdir -p "$HOME/etc/systemd/system" && cp "$3" "$(root "$4")"; }
sync() { :; }
sshd() {
  [ "$1" = -t ] || while read -r name value; do
    case $name in
      HostKey) echo "hostkey ${value#"$HOME"}" ;;
      KbdInteractiveAuthentication) echo "kbdinteractiveauthentication $value" ;;
      PasswordAuthentication) echo "passwordauthentication $value" ;;
    esac
  done < "$HOME/etc/ssh/sshd_config.d/00-mlflow-ops.conf"
}
dpkg() { :; }
seq() { echo 1 2 3; }
sleep() { :; }
systemctl() {
  case $1 in
    is-system-running) echo running ;;
    is-active) if [ -f "$HOME/.active" ]; then echo active; else echo inactive; return 3; fi ;;
    restart)
      if [ "$2" = ssh ]; then cp "$HOME/etc/ssh/ssh_host_ed25519_key" "$HOME/.shown"
      else
        [ -f "$HOME/etc/systemd/system/$2.service" ] && : > "$HOME/.active" || return
        ! grep -qs "^admin_password = ." mlflow/auth.ini || : > mlflow/data/basic_auth.db
      fi ;;
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
    "later/python": """
case "$2" in *is_admin*)
  [ -f mlflow/data/basic_auth.db ] && echo 1
  exit
esac
[ -f uv.txt ] && ln -sf "$FAKES/later/uv" .venv/bin/uv
""",
    "later/uv": '[ -f requirements.new ] && ln -sf "$FAKES/later/mlflow" .venv/bin/mlflow\n',
    "later/mlflow": ":\n",
}


def lay_out(folder: Path) -> Path:
    """Make the folder of programs that all homes share, and return it."""
    (folder / "later").mkdir(parents=True)
    for name, lines in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{lines}")
        (folder / name).chmod(0o755)
    for name in (*TOOLS, "sha256sum", "ssh-keygen"):
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
    def unit(self) -> str:
        """The text of the unit that keeps it up."""
        return (self.folder / "etc/systemd/system/mlflow-server.service").read_text()

    def run(self, command: str, stdin: bytes) -> tuple[int, bytes]:
        """Run a command as the login user, and return its exit code and all that it printed."""
        ended = subprocess.run(
            # The commands name the files of sshd, and must not meet those of this computer.
            [
                "/bin/sh",
                "-c",
                FUNCTIONS + inner(command).replace("/etc/ssh", f"{self.folder}/etc/ssh"),
            ],
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

    @property
    def _shown(self) -> Path:
        return self.folder / ".shown"

    def _environment(self) -> dict[str, str]:
        path = f"{self.folder}/usr{os.pathsep}{self.fakes}"
        return {"HOME": str(self.folder), "PATH": path, "FAKES": str(self.fakes), "LANG": "C.UTF-8"}
