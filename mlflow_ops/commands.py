"""The shell commands and files for the host, as text; nothing here runs anything."""

from __future__ import annotations

import hashlib
import shlex

FOLDER = "mlflow"
# A link to the environment in use, whose lock lies beside the folder that it leads to.
ENVIRONMENT = f"{FOLDER}/.venv"
LOCK = f"{ENVIRONMENT}/../requirements.txt"
# What an upgrade is about to do; gone when it is over.
UPGRADING = f"{FOLDER}/upgrading"
# The first line of a lock that the host has made, and not we.
UNPINNED = "# Resolved on this host: not pinned by mlflow-ops."
PACKAGES = ("python3-pip", "pipenv", "virtualenv")

APT = "sudo DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=a apt-get -q -y"

# cloud-init ends with 2 when it is done but had something to complain about.
WAIT_FOR_FIRST_BOOT = (
    "! command -v cloud-init >/dev/null || cloud-init status --wait >/dev/null || [ $? -eq 2 ]"
)
# A reboot in the middle of apt leaves packages unpacked that dpkg has to finish first. The
# recommended packages would bring a compiler: 128 packages instead of 15.
APT_INSTALL = (
    f"sudo dpkg --configure -a && {APT} update && "
    f"{APT} install --no-install-recommends {' '.join(PACKAGES)}"
)
# What the last lines of a failed command mean, for one sentence about it.
MEANINGS = {
    "its disk is full": ("No space left on device",),
    "it has no network": (
        "Temporary failure resolving",
        "Could not resolve",
        "Network is unreachable",
        "Could not connect to",
        "NewConnectionError",
        "error sending request",
        "No matching distribution found",
    ),
}
LOCKED = ("Could not get lock", "frontend lock", "dpkg was locked")


def admit(public_key: str) -> str:
    """Return the command that lets an SSH key in for good."""
    key, listed = shlex.quote(public_key), ".ssh/authorized_keys"
    return (
        f"umask 077 && mkdir -p .ssh && touch {listed} && "
        f"{{ grep -qxF -e {key} {listed} || printf '%s\\n' {key} >> {listed}; }}"
    )


def meaning(printed: str) -> str:
    """Return in words what the output of a failed command means, or an empty string."""
    found = (words for words, signs in MEANINGS.items() if any(sign in printed for sign in signs))
    return next(found, "")


def facts() -> str:
    """Return the command that prints what the software step needs to know, as KEY=VALUE lines."""
    return "\n".join(
        (
            *(f'echo "{name}=$(command -v {name})"' for name in ("pipenv", "virtualenv")),
            f'echo "environment=$(ls {ENVIRONMENT}/bin/mlflow 2>/dev/null)"',
            f'echo "lock=$({sha256(LOCK)})"',
            f'echo "mlflow=$({mlflow_version(LOCK)})"',
            f'echo "unpinned=$(head -n 1 {LOCK} 2>/dev/null | grep -cxF "{UNPINNED}")"',
            f'echo "upgrading=$(head -n 1 {UPGRADING} 2>/dev/null)"',
        )
    )


def sha256(path: str) -> str:
    """Return the command that prints a file's SHA-256, or nothing where there is no file."""
    # With a brace, not a parenthesis: after `$(` that would begin arithmetic.
    file = shlex.quote(path)
    return f"{{ sha256sum {file} || shasum -a 256 {file}; }} 2>/dev/null | cut -d' ' -f1"


def digest(content: str | bytes) -> str:
    """Return what that command prints of a file with this content; nothing for an empty one.

    That stands for a file that is not to be there.
    """
    held = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(held).hexdigest() if held else ""


def mlflow_version(lock: str) -> str:
    """Return the command that prints which MLflow a lock holds, or nothing."""
    return f"sed -n 's/^mlflow==\\([0-9a-z.]*\\).*/\\1/p' {shlex.quote(lock)} 2>/dev/null"


def parse_facts(printed: str) -> dict[str, str]:
    """Return the KEY=VALUE lines of a facts command as a mapping.

    The first line of a key counts, so that no value with a newline makes up a fact before it; a
    value that is not plain to read says nothing.
    """
    pairs = [line.partition("=")[::2] for line in printed.split("\n") if "=" in line]
    return {key: value if value.isprintable() else "" for key, value in reversed(pairs)}


def aws_credentials(key_id: str, secret: str) -> str:
    """Return the host's ~/.aws/credentials as `aws configure` writes it."""
    return f"[default]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"


def aws_config(region: str, endpoint: str | None) -> str:
    """Return the host's ~/.aws/config as `aws configure` writes it, with an emulator's endpoint."""
    text = f"[default]\nregion = {region}\noutput = json\n"
    return text + (f"endpoint_url = {endpoint}\n" if endpoint else "")
