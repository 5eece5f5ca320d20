"""Every secret that a stack has, and every place where one of them stands."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n(.+?)-----END", re.DOTALL)
# With these characters begins every private key of OpenSSH.
COMMON = "b3BlbnNzaC1rZXktdjE"
# What holds a secret in a stack's folder, in the host's home and in a sandbox's folder.
HERE = ("accessKeys.csv", "id_ed25519", "ca.key", "admin-password", "launch_host_ed25519_key")
HOST = ("mlflow/tls.pem", "mlflow/session-key")
LARGEST = 50_000_000


@dataclass(frozen=True)
class Secret:
    """A secret by its name, and the byte strings that would give it away."""

    name: str
    signs: frozenset[bytes]

    def __repr__(self) -> str:
        return f"Secret({self.name!r})"

    def is_in(self, content: bytes) -> bool:
        """Whether the content gives the secret away."""
        return any(sign in content for sign in self.signs)


def of(name: str, text: str) -> Secret:
    """Return the secret that a text is: a password as it travels, or a private key line by line."""
    if keys := PRIVATE_KEY.findall(text):
        lines = {line for key in keys for line in key.split() if not line.startswith(COMMON)}
        return Secret(name, frozenset(line.encode() for line in lines if len(line) >= 24))
    word = text.strip().encode()
    assert len(word) >= 16, f"{name} is no secret: {len(word)} characters"
    login = base64.b64encode(b"admin:" + word)
    forms = {word, login, base64.b64encode(word), word.hex().encode()}
    return Secret(name, frozenset({*forms, urllib.parse.quote(word, safe="").encode()}))


def of_stack(folder: Path, host: Path | None = None) -> list[Secret]:
    """Return the secrets in the private files of a stack, and of its host where that is here."""
    paths = {name: folder / name for name in HERE}
    paths |= {name: host / name for name in HOST} if host else {}
    texts = {name: path.read_text() for name, path in paths.items() if path.exists()}
    return [of(name, _bare(name, text)) for name, text in texts.items()]


def _bare(name: str, text: str) -> str:
    """Return the secret of a file that holds more than it."""
    if name == "accessKeys.csv":
        return text.splitlines()[1].split(",")[1]
    return text.partition("=")[2] if name == "mlflow/session-key" else text


def given_away(secrets: Iterable[Secret], content: bytes | str) -> set[str]:
    """Return the names of the secrets that stand in some content."""
    raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    return {secret.name for secret in secrets if secret.is_in(raw)}


def holding(secrets: Iterable[Secret], folder: Path) -> dict[str, set[str]]:
    """Return the files below a folder that hold secrets, by path, and which."""
    known, found = list(secrets), {}
    for path in _files(folder):
        if names := given_away(known, path.read_bytes()):
            found[str(path.relative_to(folder))] = names
    return found


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST:
            yield path


def as_json(secrets: Iterable[Secret]) -> str:
    """Return the secrets as ON_HOST reads them."""
    return json.dumps({each.name: [sign.hex() for sign in each.signs] for each in secrets})


# A program for a host's own Python, with a folder as its argument where / is not meant. It reads
# the secrets from stdin (never from its arguments), and prints as JSON where they stand. Run as a
# user that owns nothing it finds what that user may see: files and the arguments of processes; as
# root the whole journal, and no file.
ON_HOST = r"""
import glob, json, os, subprocess, sys
secrets = {k: [bytes.fromhex(s) for s in v] for k, v in json.load(sys.stdin).items()}
found = {}
def look(place, content):
    names = [k for k, v in secrets.items() if any(s in content for s in v)]
    if names:
        found[place] = names
def read(path):
    try:
        if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) < 50000000:
            with open(path, "rb") as file:
                return file.read()
    except OSError:
        pass
    return b""
if os.geteuid():
    for top, folders, files in os.walk(sys.argv[1] if sys.argv[1:] else "/"):
        folders[:] = [f for f in folders if os.path.join(top, f) not in ("/proc", "/sys")]
        for name in files:
            look(os.path.join(top, name), read(os.path.join(top, name)))
else:
    journal = subprocess.run(["journalctl", "-a", "-o", "export"], capture_output=True)
    look("journal", journal.stdout)
for path in glob.glob("/proc/[0-9]*/cmdline"):
    try:
        with open(path, "rb") as file:
            look(path, file.read())
    except OSError:
        pass
print(json.dumps(found))
"""
