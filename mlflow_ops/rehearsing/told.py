"""What a rehearsal tells: one command, or one file, as the host will get it but for its secrets."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from mlflow_ops.server import vault

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SECRET = "<secret>"  # noqa: S105 - what is shown in the place of one
RUN, PUT = "run", "put"
# What is secret in the files that are not secret as a whole, or made anew each time.
HIDDEN = (
    (re.compile(r"-----BEGIN PRIVATE KEY-----.*?-----END PRIVATE KEY-----", re.DOTALL), SECRET),
    (re.compile(r"(?m)^(aws_secret_access_key = ).*$"), rf"\g<1>{SECRET}"),
    (re.compile(r"(?m)^(admin_password = ).*$"), rf"\g<1>{SECRET}"),
    (
        re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL),
        "<certificate, made at the time>",
    ),
)
# Below this a word is no secret, and would be found everywhere.
SHORTEST = 8


@dataclass(frozen=True)
class Told:
    """One thing that a step does to the host: `run` a command, or `put` a file's text there.

    `what` is the command or the file's path in the user's home, and `text` what the command is fed
    or the file holds.
    """

    step: str
    verb: str
    what: str
    text: str = ""

    def in_words(self, words: Mapping[str, str]) -> Told:
        """Return it with words in the place of what nobody knows before it is made."""
        what, text = self.what, self.text
        for made, word in words.items():
            what, text = what.replace(made, word), text.replace(made, word)
        return replace(self, what=what, text=text)


def shown(path: str, text: str) -> str:
    """Return what may be shown of a file: nothing of one in the vault but the CA's certificate."""
    if path.startswith(f"{vault.FOLDER}/") and not path.endswith(f"/{vault.CA_CERTIFICATE}"):
        return SECRET
    for pattern, instead in HIDDEN:
        text = pattern.sub(instead, text)
    return text


def fed(text: str) -> str:
    """Return what may be shown of what a command is fed: settings in JSON, else how much it is."""
    if text[:1] != "{":
        return text and f"<a program of ours, {len(text):,} characters>"
    settings: dict[str, Any] = json.loads(text)
    hidden = {"password": SECRET} if "password" in settings else {}
    return json.dumps({**settings, **hidden})


def secrets_as_words(secrets: Iterable[str]) -> dict[str, str]:
    """Return what hides each of these secrets wherever it stands, the longest first."""
    known = {each.strip() for each in secrets if len(each.strip()) >= SHORTEST}
    return dict.fromkeys(sorted(known, key=len, reverse=True), SECRET)
