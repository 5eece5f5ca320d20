"""What a host answers in a rehearsal: a fresh one of Ubuntu's, or what it has been given since."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mlflow_ops import commands
from mlflow_ops.backup import keeping, layout, revisions
from mlflow_ops.ssh import sshd
from mlflow_ops.ssh.host_keys import KIND

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Ed25519 keys as far as anybody looks: the one it is launched with, and the one it makes.
LAUNCHED, MADE = (f"AAAAC3NzaC1lZDI1NTE5AAAAI{letter * 43}" for letter in "LM")
ASKED = re.compile(r'echo "(\w+)=')
# A fact that is what another command prints, most often a file's SHA-256.
OF_COMMAND = re.compile(r'(?m)^echo "(\w+)=\$\((.*)\)"$')
KEEPERS = re.compile(rf"{re.escape(keeping.command(''))}([a-z-]+)")
# Of a database that was taken in wholly, and of none that waits.
LOOK: dict[str, Any] = {"replaced": [layout.MLFLOW_DB], "staged": False}
# Of a backup that nobody has taken: what it must tell, and nothing that anybody could know.
TAKEN = {
    **dict.fromkeys(("mlflow", "revision"), ""),
    "taken": "1970-01-01T00:00:00Z",
    "counts": {},
    "bytes": 0,
    "files": {layout.MLFLOW_DB: {"sha256": "0" * 64, "size": 0}},
    "damaged": False,
}


@dataclass
class Answers:
    """What a host says: `new` are the facts of a fresh one, as a target has them.

    `key` is the SSH key that it shows, and `users` whether a backup that it fetches holds users.
    What a command changes for those that ask later is in `facts`, by the command that asks.
    """

    new: Mapping[str, str]
    key: str = LAUNCHED
    users: bool = True
    facts: dict[str, dict[str, str]] = field(default_factory=dict)
    printed: dict[str, str] = field(default_factory=dict)

    def fresh(self, command: str) -> str:
        """Return what a machine prints on which nothing was installed."""
        known = {**self.new} | ({"key": self.key} if command == sshd.facts() else {})
        named = {name: known[name] for name in ASKED.findall(command) if name in known}
        return lines(named | _told(self.new, command))

    def changed(self, command: str) -> str | None:
        """Return the whole answer of a command that is known by now, or None."""
        return self.printed.get(command)

    def before(self, command: str) -> str:
        """Return the facts that come before those of the host: the first of a name counts."""
        return lines(_told(self.printed, command) | self.facts.get(command, {}))

    def placed(self, path: str, text: str) -> None:
        """Remember a file, for those that ask for its SHA-256 later."""
        self.printed[commands.sha256(path)] = commands.digest(text)

    def after(self, command: str, stdin: str, ask: Callable[[str], str]) -> str:
        """Return what a command prints that changes something, and remember what it changes.

        `ask` is for what the host has by now.
        """
        if command == sshd.generate():
            self.key = MADE
            return f"{KIND} {MADE}\n"
        if command == sshd.install():
            self.facts[sshd.facts()] = {"key": self.key, "settings": sshd.in_force()}
        if command == keeping.placing():
            self.printed[commands.sha256(keeping.PROGRAM)] = keeping.digest()
        if asked := KEEPERS.search(command):
            if ask(commands.sha256(keeping.PROGRAM)).strip() != keeping.digest():
                return keeping.OTHER
            return json.dumps(self._keeper(asked[1], json.loads(stdin)))
        return ""

    def _keeper(self, what: str, told: dict[str, Any]) -> dict[str, Any]:
        if what == "take":
            return {**TAKEN, "name": told["name"], "kind": told["kind"]}
        held = (layout.MLFLOW_DB, *((layout.USERS_DB,) if self.users else ()))
        self.printed[revisions.compare()] = "same"
        return {"stage": {"files": held, "counts": {}}, "look": LOOK}.get(what, {})


def _told(known: Mapping[str, str], command: str) -> dict[str, str]:
    """Return the facts that a command asks for by other commands whose answers are known."""
    return {name: known[asked] for name, asked in OF_COMMAND.findall(command) if asked in known}


def lines(facts: Mapping[str, str]) -> str:
    """Return facts as a host prints them."""
    return "".join(f"{name}={value}\n" for name, value in facts.items())
