"""A host that answers questions, and only remembers what it is told to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_ops.errors import NotReady
from mlflow_ops.host import Host
from mlflow_ops.rehearsing.told import PUT, RUN, Told, fed, secrets_as_words, shown
from mlflow_ops.server import vault

if TYPE_CHECKING:
    from mlflow_ops.reach.line import Line
    from mlflow_ops.rehearsing.answers import Answers


class Rehearsal(Host):
    """Stands in for the host of a stack; `told` is what it was to do.

    Questions go to the real host where there is one, and nothing else does.
    """

    def __init__(self, answers: Answers, real: Host | None) -> None:
        self.answers, self.real = answers, real
        self.told: list[Told] = []
        self.step = ""
        self._files: dict[str, str] = {}
        self._secrets: set[str] = set()

    def ask(self, command: str, *, deadline: float = 60.0) -> str:
        """Answer as the real host does, or as a fresh one would, with what has changed since."""
        if (printed := self.answers.changed(command)) is not None:
            return printed
        said = self.real.ask(command, deadline=deadline) if self.real else None
        return self.answers.before(command) + (
            self.answers.fresh(command) if said is None else said
        )

    def run(self, command: str, *, deadline: float = 60.0, stdin: str = "") -> str:  # noqa: ARG002 - a Host's signature
        """Remember the command, and print what those who run it wait for."""
        self.told.append(Told(self.step, RUN, command, fed(stdin)))
        return self.answers.after(command, stdin, self.ask)

    def put(self, path: str, text: str) -> None:
        """Remember the file."""
        self._files[path] = text
        self.answers.placed(path, text)
        self._keep_secret(path, text)
        self.told.append(Told(self.step, PUT, path, shown(path, text)))

    def get(self, path: str) -> str:
        """Return what the file holds by now."""
        if path in self._files:
            return self._files[path]
        held = self.real.get(path) if self.real else ""
        self._keep_secret(path, held)
        return held

    def line(self, address: str, port: int) -> Line:
        """Raise NotReady: nothing of the stack answers before it is made."""
        raise NotReady(f"Nothing answers on the host at {address}:{port} yet.")

    @property
    def shown(self) -> str:
        """The key that it shows by now."""
        return self.answers.key

    def close(self) -> None:
        """Do nothing: whoever has opened the real connection closes it."""

    def all_told(self, words: dict[str, str]) -> tuple[Told, ...]:
        """Return what it was told, with these words for what is only known once it is made."""
        hidden = secrets_as_words(self._secrets) | words
        return tuple(each.in_words(hidden) for each in self.told)

    def _keep_secret(self, path: str, text: str) -> None:
        if path.startswith(f"{vault.FOLDER}/"):
            self._secrets.add(text)
