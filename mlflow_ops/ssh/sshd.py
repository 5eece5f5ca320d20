"""The shell commands that give the host's SSH server a key of its own, as text."""

from __future__ import annotations

import shlex

FOLDER = "/etc/ssh"
KEY = f"{FOLDER}/ssh_host_ed25519_key"
# cloud-init removes it with all `ssh_host_*key*` where a copy of the disk is launched.
NEW = f"{KEY}.new"
SETTINGS = {
    "HostKey": KEY,
    "KbdInteractiveAuthentication": "no",
    "PasswordAuthentication": "no",
}
# The first to set something wins, and this is the first of all that sshd_config includes.
DROP_IN = f"{FOLDER}/sshd_config.d/00-mlflow-ops.conf"
SUDO = "sudo -n"


def config() -> str:
    """Return the drop-in: one host key, and no way in but by key."""
    return "".join(f"{name} {value}\n" for name, value in SETTINGS.items())


def in_force() -> str:
    """Return what the facts say of the settings when all are as the drop-in has them."""
    return " ".join(f"{name.lower()} {value}" for name, value in SETTINGS.items())


def facts() -> str:
    """Return the command that prints, as KEY=VALUE lines, what may be changed and how it stands.

    The key is read from the private file: that of the public one may be another after a kill.
    """
    names = "|".join(map(str.lower, SETTINGS))
    found = f"{SUDO} sshd -T 2>/dev/null | grep -E '^({names}) ' | sort"
    return "\n".join(
        (
            'echo "systemd=$(systemctl is-system-running 2>/dev/null)"',
            f'echo "sudo=$({SUDO} true 2>/dev/null && echo yes)"',
            f"set -- $({SUDO} ssh-keygen -y -f {KEY} 2>/dev/null)",
            'echo "key=$2"',
            f"set -- $({found})",
            'echo "settings=$*"',
        )
    )


def generate() -> str:
    """Return the command that makes the new key, beside the old one, and prints its public half.

    One that is there already, from a run that was stopped, is taken.
    """
    part = f"{NEW}.part"
    make = f"ssh-keygen -q -t ed25519 -N '' -C '' -f {part}"
    return _as_root(
        "umask 077",
        f"[ -f {NEW} ] || {{ rm -f {part} {part}.pub; {make} && mv {part} {NEW}; }}",
        f"rm -f {part}.pub",
        f"ssh-keygen -y -f {NEW}",
    )


def install() -> str:
    """Return the command that puts the new key, if any, and the settings in force.

    It restarts sshd, which leaves connections alone: a reload ends an sshd that systemd has given
    its socket, as on Ubuntu. On the disk all of it is before anybody is told.
    """
    kept = f"{KEY}|{KEY}.pub"
    put = _as_root(
        f"[ ! -f {NEW} ] || mv {NEW} {KEY}",
        "umask 022",
        f"ssh-keygen -y -f {KEY} > {KEY}.pub",
        f"mkdir -p {FOLDER}/sshd_config.d",
        f"printf %s {shlex.quote(config())} > {DROP_IN}.part",
        f"mv {DROP_IN}.part {DROP_IN}",
        f"for key in {FOLDER}/ssh_host_*; do case $key in {kept}) ;; *) rm -f $key ;; esac; done",
    )
    return f"{put} && sync && {SUDO} sshd -t && {SUDO} systemctl restart ssh"


def _as_root(*commands: str) -> str:
    return f"{SUDO} sh -c {shlex.quote(' && '.join(commands))}"
