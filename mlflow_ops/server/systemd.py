"""Words in a systemd unit, which systemd reads otherwise than a shell does."""

from __future__ import annotations

import re

from mlflow_ops.errors import HostFailed
from mlflow_ops.server import vault

# What systemd makes nothing else of, in a command line or in a path.
PLAIN = re.compile(r"[\w@/:.,=+*-]+", re.ASCII)
# Sockets of those who would do for a program what it may not.
HIDDEN = ("/run/user", "/run/dbus", "/run/lxd-installer.socket", "/var/snap/lxd")
HARDENING = """\
NoNewPrivileges=yes
CapabilityBoundingSet=
PrivateTmp=yes
PrivateDevices=yes
# Else /proc/PID/root of any process of the same user leads past all that is hidden below:
# https://man7.org/linux/man-pages/man7/user_namespaces.7.html
PrivateUsers=yes
ProtectSystem=strict
ProtectHome=read-only
InaccessiblePaths=-{home}/{vault} -{home}/.ssh {hidden}
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictSUIDSGID=yes
LockPersonality=yes
UMask=0077
"""
HOME = re.compile(r"/[\w/.-]+", re.ASCII)


def command_line(words: list[str]) -> str:
    """Return a command line of which systemd makes these very words.

    https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
    """
    return " ".join(word if PLAIN.fullmatch(word) else _quoted(word) for word in words)


def variable(name: str, value: str) -> str:
    """Return the line by which a program gets this very value; in one, a $ means nothing.

    https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Environment
    """
    word = f"{name}={value}"
    if PLAIN.fullmatch(word):
        return f"Environment={word}"
    safe = "".join(map(_character, word)).replace("%", "%%")
    return f'Environment="{safe}"'


def home(folder: str) -> str:
    """Return a user's home folder when it can stand in any line of a unit.

    Raises HostFailed for another, and for what is none.
    """
    if not HOME.fullmatch(folder):
        raise HostFailed(
            f"The host's user has the home folder {folder!r}, which cannot stand in a systemd "
            "unit: give it one such as /home/ubuntu, and run the same command again."
        )
    return folder


def hardening(home: str) -> str:
    """Return the lines that keep a program of the user's from what is not its own."""
    hidden = " ".join(f"-{path}" for path in HIDDEN)
    return HARDENING.format(home=home, vault=vault.FOLDER, hidden=hidden)


def _quoted(word: str) -> str:
    safe = "".join(map(_character, word)).replace("%", "%%").replace("$", "$$")
    return f'"{safe}"'


def _character(one: str) -> str:
    if one in '"\\':
        return f"\\{one}"
    return one if one.isprintable() else "".join(f"\\x{byte:02x}" for byte in one.encode())
