"""The programs of a fake host: real ones where they are quick, and others that play theirs.

Only what would take long or needs root (apt, pipenv, pip, systemd) is played: it does nothing but
leave the traces that are asked for later.
"""

from __future__ import annotations

import shutil
import sys
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
    "base64",
)
# Functions, since each program that is started costs a millisecond, and there are thousands.
FUNCTIONS = r"""
sudo() {
  while case $1 in *=* | -n) ;; *) false ;; esac; do shift; done
  "$@"
}
root() { case $1 in /etc/*) echo "$HOME$1" ;; *) echo "$1" ;; esac; }
sha256sum() { set -- "$(root "$1")"; [ -f "$1" ] && command sha256sum "$1"; }
cut() { ! read -r first _ || echo "$first"; }
install() {
  while [ $# -gt 2 ]; do shift; done
  set -- "$1" "$(root "$2")"
  mkdir -p "${2%/*}" && cp "$1" "$2"
}
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
# Whether a unit is active, a file says; that of the server has the short name.
flag() { case $1 in mlflow-server) echo "$HOME/.active" ;; *) echo "$HOME/.active-$1" ;; esac; }
units="$HOME/etc/systemd/system"
begin() {
  [ -f "$units/$1.service" ] || [ -f "$units/$1" ] || return
  case $1 in
    mlflow-backup) [ -f mlflow/litestream.yml ] || return 0 ;;
    mlflow-server)
      : >> mlflow/data/mlflow.db
      ! grep -qs "^admin_password = ." mlflow/auth.ini || : >> mlflow/data/basic_auth.db ;;
  esac
  : > "$(flag "$1")"
}
systemctl() {
  for unit; do :; done
  case $1 in
    is-system-running) echo running ;;
    is-active) if [ -f "$(flag "$unit")" ]; then echo active; else echo inactive; return 3; fi ;;
    is-failed)
      if [ -f "$HOME/.failed-$unit" ]; then echo failed; else echo inactive; return 1; fi ;;
    cat) [ -f "$units/$unit.service" ] ;;
    stop | disable) rm -f "$(flag "$unit")" ;;
    start) begin "$unit" ;;
    restart)
      if [ "$unit" = ssh ]; then cp "$HOME/etc/ssh/ssh_host_ed25519_key" "$HOME/.shown"
      else begin "$unit"; fi ;;
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
case "$2" in *db_migrations*) echo same; exit ;; esac
case "$1 $2" in "-m base64") exec base64 -d ;; esac
[ -f uv.txt ] && ln -sf "$FAKES/later/uv" .venv/bin/uv
""",
    "later/uv": """
case "$*" in *"--target tools.new"*)
  mkdir -p tools.new/bin && ln -sf "$FAKES/later/litestream" tools.new/bin/litestream
  exit
esac
[ -f requirements.new ] && ln -sf "$FAKES/later/mlflow" .venv/bin/mlflow
""",
    "later/litestream": ":\n",
    "later/mlflow": ":\n",
}


def lay_out(folder: Path) -> Path:
    """Make the folder of programs that all homes share, and return it."""
    (folder / "later").mkdir(parents=True)
    for name, lines in PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{lines}")
        (folder / name).chmod(0o755)
    (folder / "python3").symlink_to(sys.executable)
    for name in (*TOOLS, "sha256sum", "ssh-keygen"):
        if real := shutil.which(name):
            (folder / name).symlink_to(real)
    return folder
