"""The shell commands and files for the host, as text; nothing here runs anything."""

from __future__ import annotations

import shlex

FOLDER = "mlflow"
ENVIRONMENT = f"{FOLDER}/.venv"
LOCK = f"{FOLDER}/requirements.txt"
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
# From nothing each time: what a power cut has left of an environment is not to be trusted.
MAKE_ENVIRONMENT = (
    f"mkdir -p {FOLDER} && cd {FOLDER} && rm -rf .venv requirements.txt && "
    "PIPENV_VENV_IN_PROJECT=1 PIPENV_YES=1 pipenv --python /usr/bin/python3"
)
INSTALL_UV = (
    f"cd {FOLDER} && .venv/bin/python -m pip install -q --no-input --disable-pip-version-check "
    "--no-cache-dir --only-binary :all: --require-hashes -r uv.txt"
)
# The lock gets its name last, so that its presence says that all of it is on the disk.
INSTALL_LOCK = (
    f"cd {FOLDER} && VIRTUAL_ENV=.venv .venv/bin/uv pip install --system-certs --no-cache "
    "--only-binary :all: --require-hashes -r requirements.new && "
    "sync && mv requirements.new requirements.txt && sync"
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
        )
    )


def sha256(path: str) -> str:
    """Return the command that prints a file's SHA-256, or nothing where there is no file."""
    # With a brace, not a parenthesis: after `$(` that would begin arithmetic.
    file = shlex.quote(path)
    return f"{{ sha256sum {file} || shasum -a 256 {file}; }} 2>/dev/null | cut -d' ' -f1"


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
